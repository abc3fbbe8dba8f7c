package media

import (
	"bytes"
	"errors"

	"frontdesk/conversation"
	"frontdesk/knowledge"
)

// Media types of what is looked into, as Sniff tells them.
const (
	typeJPEG = "image/jpeg"
	typePNG  = "image/png"
	typeGIF  = "image/gif"
	typeWebP = "image/webp"
	typeBMP  = "image/bmp"

	typeOgg   = "audio/ogg"
	typeMP3   = "audio/mpeg"
	typeWAV   = "audio/wav"
	typeFLAC  = "audio/flac"
	typeM4A   = "audio/mp4"
	typeWebA  = "audio/webm"
	typeMP4   = "video/mp4"
	typeWebM  = "video/webm"
	typeOggV  = "video/ogg"
	typeAVI   = "video/x-msvideo"
	typeMPEG  = "video/mpeg"
	typeMedia = "application/octet-stream"
)

// archives are the first bytes of packed files.
var archives = []string{"\x1f\x8b", "BZh", "\xfd7zXZ\x00", "7z\xbc\xaf\x27\x1c", "Rar!", "\x28\xb5\x2f\xfd", "LZIP", "MSCF"}

// Sniff implements conversation.Reader. The name only tells formats of text apart.
func (r *Reader) Sniff(name string, data []byte) (conversation.FileKind, string, conversation.Refusal) {
	if len(data) == 0 {
		return conversation.FileDocument, typeMedia, conversation.RefusedEmpty
	}
	if t := imageType(data); t != "" {
		return conversation.FileImage, t, ""
	}
	if kind, t := soundOrFilm(data); t != "" {
		return kind, t, ""
	}
	for _, magic := range archives {
		if bytes.HasPrefix(data, []byte(magic)) {
			return conversation.FileDocument, typeMedia, conversation.RefusedArchive
		}
	}
	t, err := r.cfg.Detect(name, "", data)
	switch {
	case err == nil && t == knowledge.Archive:
		return conversation.FileDocument, typeMedia, conversation.RefusedArchive
	case err == nil:
		return conversation.FileDocument, t, ""
	}
	return conversation.FileDocument, typeMedia, refusalOf(err)
}

// refusalOf is the reason for a document that cannot be read.
func refusalOf(err error) conversation.Refusal {
	switch {
	case errors.Is(err, knowledge.ErrEmpty):
		return conversation.RefusedEmpty
	case errors.Is(err, knowledge.ErrTooLarge):
		return conversation.RefusedTooLarge
	case errors.Is(err, knowledge.ErrCorrupt):
		return conversation.RefusedDamaged
	}
	return conversation.RefusedFormat
}

func imageType(d []byte) string {
	switch {
	case bytes.HasPrefix(d, []byte("\xff\xd8\xff")):
		return typeJPEG
	case bytes.HasPrefix(d, []byte("\x89PNG\r\n\x1a\n")):
		return typePNG
	case bytes.HasPrefix(d, []byte("GIF87a")), bytes.HasPrefix(d, []byte("GIF89a")):
		return typeGIF
	case isRIFF(d, "WEBP"):
		return typeWebP
	case len(d) >= 26 && d[0] == 'B' && d[1] == 'M' && d[6]|d[7]|d[8]|d[9] == 0:
		return typeBMP // the reserved bytes are 0; "BM" alone begins many a text
	}
	return ""
}

func isRIFF(d []byte, form string) bool {
	return len(d) >= 12 && string(d[:4]) == "RIFF" && string(d[8:12]) == form
}

// codecsWithin is how much of a Matroska file is looked through for its codecs:
// its tracks stand before the first cluster.
const codecsWithin = 64 << 10

// clusterID begins a Matroska cluster, whose sound may hold any bytes.
const clusterID = "\x1f\x43\xb6\x75"

func soundOrFilm(d []byte) (conversation.FileKind, string) {
	const voice, video = conversation.FileVoice, conversation.FileVideo
	switch {
	case bytes.HasPrefix(d, []byte("OggS")):
		if bytes.Contains(d[:min(len(d), 512)], []byte("\x80theora")) {
			return video, typeOggV
		}
		return voice, typeOgg
	case isRIFF(d, "WAVE"):
		return voice, typeWAV
	case isRIFF(d, "AVI "):
		return video, typeAVI
	case bytes.HasPrefix(d, []byte("fLaC")):
		return voice, typeFLAC
	case bytes.HasPrefix(d, []byte("ID3")), isMP3(d):
		return voice, typeMP3
	case len(d) >= 12 && string(d[4:8]) == "ftyp":
		switch string(d[8:12]) {
		case "avif", "avis", "heic", "heix", "hevc", "heim", "heis", "mif1", "msf1", "crx ":
			return "", "" // pictures that nothing here decodes
		}
		if m := readMP4(d); m.sound && !m.film {
			return voice, typeM4A
		}
		return video, typeMP4
	case bytes.HasPrefix(d, []byte("\x1a\x45\xdf\xa3")):
		tracks, _, _ := bytes.Cut(d[:min(len(d), codecsWithin)], []byte(clusterID))
		if bytes.Contains(tracks, []byte("V_")) {
			return video, typeWebM
		}
		return voice, typeWebA
	case bytes.HasPrefix(d, []byte("\x00\x00\x01\xba")):
		return video, typeMPEG
	}
	return "", ""
}

// isMP3 reports whether two frames of MPEG layer III follow each other at the
// start; one alone is two bytes that many a file begins with.
func isMP3(d []byte) bool {
	n, _, ok := mp3Frame(d)
	if !ok || n >= len(d) {
		return false
	}
	_, _, ok = mp3Frame(d[n:])
	return ok
}
