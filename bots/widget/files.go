package widget

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"time"

	"frontdesk/conversation"
)

const (
	// formOverhead is what a multipart form may add around its file.
	formOverhead = 16 << 10
	// fileTimeout is how long an upload may take to arrive: 20 MB at 170 KB/s.
	fileTimeout = 2 * time.Minute
	// uploadsAtOnce bounds the uploads, and fetchesAtOnce the downloads, that stand
	// in memory at a time.
	uploadsAtOnce  = 4
	fetchesAtOnce  = 8
	filePathPrefix = "/widget/v1/files/"
)

var (
	errNoFile   = errors.New("widget: the form has no file")
	errForm     = errors.New("widget: body is not a multipart form")
	errUploads  = errors.New("widget: too many uploads at once")
	errFileSize = fmt.Errorf("widget: %w", conversation.ErrFileTooLarge)
)

type fileReply struct {
	ID        string                `json:"id"`
	Kind      conversation.FileKind `json:"kind"`
	Name      string                `json:"name"`
	MediaType string                `json:"media_type"`
	Bytes     int64                 `json:"bytes"`
}

// attachmentView is a message's file as its customer sees it.
type attachmentView struct {
	ID        string                 `json:"id"`
	Kind      conversation.FileKind  `json:"kind"`
	Name      string                 `json:"name"`
	MediaType string                 `json:"media_type"`
	Bytes     int64                  `json:"bytes"`
	State     conversation.FileState `json:"state"`
	Reason    conversation.Refusal   `json:"reason,omitempty"`
	Seconds   float64                `json:"seconds,omitempty"`
	Text      string                 `json:"text,omitempty"` // what was said in a recording
	URL       string                 `json:"url"`            // asked for with the session's token
}

func wireFiles(list []conversation.Attachment) []attachmentView {
	var out []attachmentView
	for _, a := range list {
		v := attachmentView{ID: a.ID, Kind: a.Kind, Name: a.Name, MediaType: a.MediaType, Bytes: a.Bytes, State: a.State,
			Reason: a.Reason, Seconds: a.Duration.Seconds(), URL: filePathPrefix + a.ID}
		if a.Kind == conversation.FileVoice || a.Kind == conversation.FileVideo {
			v.Text = a.Text
		}
		out = append(out, v)
	}
	return out
}

// postFile stores one file for a message that is to come.
func (h *Handler) postFile(w http.ResponseWriter, r *http.Request) error {
	visitor, err := h.visitor(r)
	if err != nil {
		return err
	}
	if err := h.limit(r, h.uploads, visitor); err != nil {
		return err
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return errForm
	}
	if r.ContentLength > conversation.MaxFileBytes+formOverhead {
		return errFileSize
	}
	select {
	case h.uploading <- struct{}{}:
		defer func() { <-h.uploading }()
	default:
		return errUploads
	}
	// Not every ResponseWriter can do this; the server's own can.
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(fileTimeout))
	_ = rc.SetWriteDeadline(time.Now().Add(fileTimeout + writeTimeout))
	name, content, err := readFile(multipart.NewReader(http.MaxBytesReader(w, r.Body, conversation.MaxFileBytes+formOverhead), params["boundary"]), r.ContentLength)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), callTimeout)
	defer cancel()
	f, err := h.engine.Upload(ctx, visitor.String(), name, content)
	if err != nil {
		return gone(err)
	}
	return reply(w, http.StatusCreated, fileReply{f.ID, f.Kind, f.Name, f.MediaType, f.Bytes})
}

// readFile reads the form up to its file and no further.
func readFile(form *multipart.Reader, length int64) (name string, content []byte, err error) {
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return "", nil, errNoFile
		}
		if err != nil {
			return "", nil, formErr(err)
		}
		if part.FormName() != "file" {
			continue
		}
		var b bytes.Buffer
		b.Grow(int(min(max(length, 0), conversation.MaxFileBytes)) + bytes.MinRead)
		if _, err := b.ReadFrom(io.LimitReader(part, conversation.MaxFileBytes+1)); err != nil {
			return "", nil, formErr(err)
		}
		if b.Len() > conversation.MaxFileBytes {
			return "", nil, errFileSize
		}
		return part.FileName(), b.Bytes(), nil
	}
}

func formErr(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return errFileSize
	}
	return fmt.Errorf("%w: %w", errForm, err)
}

// getFile gives a file to the visitor whose conversation it is of.
func (h *Handler) getFile(w http.ResponseWriter, r *http.Request) error {
	visitor, err := h.visitor(r)
	if err != nil {
		return err
	}
	if err := h.limit(r, h.downloads, visitor); err != nil {
		return err
	}
	id, ok := parseUUID(r.PathValue("id"))
	if !ok {
		return conversation.ErrNoFile
	}
	select {
	case h.fetching <- struct{}{}:
		defer func() { <-h.fetching }()
	case <-r.Context().Done():
		return r.Context().Err()
	}
	f, err := h.engine.OpenFile(r.Context(), visitor.String(), id.String())
	if err != nil {
		return err
	}
	if f.Content == nil {
		return conversation.ErrNoFile
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(fileTimeout))
	return writeFile(w, f)
}

// writeFile sends a file so that no browser runs it.
func writeFile(w http.ResponseWriter, f conversation.File) error {
	for name, value := range f.Headers() {
		w.Header().Set(name, value)
	}
	w.WriteHeader(http.StatusOK)
	// An error means the visitor has left; there is nobody to tell.
	_, _ = w.Write(f.Content)
	return nil
}
