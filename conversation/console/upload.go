package console

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"frontdesk/knowledge"
)

// MaxFileBytes bounds one uploaded file. It is as much as the reader of files
// takes; of text it takes less, and says so.
const MaxFileBytes = 64 << 20

// A file stands in memory until it is stored. Those above largeFile, and those
// that do not say how large they are, are therefore taken one beside another
// only up to maxLarge.
const (
	largeFile = 4 << 20
	maxLarge  = 2
	// largeAgain is when a file that found no place may be sent again, in
	// seconds: a large one is stored in about that time once it is here.
	largeAgain = 5
)

// multipartOverhead is what the form around a file may add.
const multipartOverhead = 64 << 10

// uploadTimeout is how long a file may take to arrive, at 64 MB some 190 KB/s.
const uploadTimeout = 6 * time.Minute

// maxNameRunes bounds the name of an uploaded file.
const maxNameRunes = 200

// addFile reads the form as it comes and keeps nothing but the one file.
func (c *Console) addFile(w http.ResponseWriter, r *http.Request, boundary string) (addedView, error) {
	leave, err := c.enter(r)
	if err != nil {
		return addedView{}, err
	}
	defer leave()
	rc := http.NewResponseController(w)
	rc.SetReadDeadline(time.Now().Add(uploadTimeout)) // not every writer can, and then there is none
	rc.SetWriteDeadline(time.Now().Add(uploadTimeout + writeTimeout))
	form := multipart.NewReader(http.MaxBytesReader(w, r.Body, MaxFileBytes+multipartOverhead), boundary)
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return addedView{}, problem(http.StatusUnprocessableEntity, "no_file", `The form has no file called "file".`)
		}
		if err != nil {
			return addedView{}, formError(err)
		}
		if part.FormName() != "file" {
			continue
		}
		name := fileName(part.FileName())
		if name == "" {
			return addedView{}, problem(http.StatusUnprocessableEntity, "no_name", "The file has no name.")
		}
		content, err := readPart(part, r.ContentLength)
		if err != nil {
			return addedView{}, err
		}
		added, err := c.documents.AddFile(r.Context(), name, content)
		if err != nil {
			return addedView{}, err
		}
		return viewAdded(added), nil
	}
}

// enter takes a place for a large file on its way in, which leave gives back.
func (c *Console) enter(r *http.Request) (leave func(), err error) {
	if r.ContentLength >= 0 && r.ContentLength <= largeFile {
		return func() {}, nil
	}
	select {
	case c.large <- struct{}{}:
		return func() { <-c.large }, nil
	default:
		p := problem(http.StatusServiceUnavailable, "busy", "Other large files are just being taken in. Try again in a moment.")
		p.retryAfter = largeAgain
		return nil, p
	}
}

// readPart reads a file of a form whose length is given, or -1 when it is not
// known. The room is made at once: growing would take that of several files.
func readPart(part io.Reader, length int64) ([]byte, error) {
	var content bytes.Buffer
	content.Grow(int(min(max(length, 0), MaxFileBytes+1)) + bytes.MinRead)
	if _, err := content.ReadFrom(io.LimitReader(part, MaxFileBytes+1)); err != nil {
		return nil, formError(err)
	}
	switch n := content.Len(); {
	case n > MaxFileBytes:
		return nil, knowledge.ErrTooLarge
	case n == 0:
		return nil, knowledge.ErrEmpty
	}
	return content.Bytes(), nil
}

func formError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return knowledge.ErrTooLarge
	}
	return problem(http.StatusBadRequest, "bad_form", "The form is damaged or ended too early.")
}

// fileName is what a file is called, without folders and without characters
// that do not show. It is shown to people and never used as a path.
func fileName(s string) string {
	s = path.Base(strings.ReplaceAll(strings.ToValidUTF8(s, ""), `\`, "/"))
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s))
	if s == "." || s == ".." || s == "/" {
		return ""
	}
	if n := utf8.RuneCountInString(s); n > maxNameRunes { // the ending says the format: keep it
		s = string([]rune(s)[n-maxNameRunes:])
	}
	return s
}
