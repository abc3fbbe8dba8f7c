package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"time"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
)

// Limits of one batch (developers.openai.com/api/reference/resources/batches): requests in its file,
// bytes of the file, and the share of the usual price that a request costs.
const (
	BatchRequests = 50_000
	BatchBytes    = 200_000_000
	BatchShare    = 0.5
)

const (
	// batchTimeout bounds one call about a batch; the longest sends or fetches a file.
	batchTimeout = 8 * time.Minute
	// batchTag is under what our own name of a batch is kept in its metadata.
	batchTag = "frontdesk"
	// batchLook is how many of the newest batches are looked through for a name; the most of one page.
	batchLook = 100
	// batchKeep is how long the provider may keep what we send and what it makes of it, should we
	// never come back to delete it: longer than a batch takes, with time for an outage.
	batchKeep = 3 * 24 * time.Hour
)

var (
	// ErrNoBatches is returned when the server has no batches.
	ErrNoBatches = errors.New("the server takes no batches")
	// ErrBatchTooLarge is returned for more than BatchRequests or BatchBytes.
	ErrBatchTooLarge = errors.New("more than one batch may hold")
	// ErrNoSuchBatch is returned for a batch that the server does not know, or not any more.
	ErrNoSuchBatch = errors.New("the server does not know the batch")
)

// BatchesOffered reports whether cfg's server is one that is known to take batches: OpenAI's own or
// Azure's.
func BatchesOffered(cfg Config) bool {
	cfg, err := cfg.withDefaults()
	return err == nil && cfg.official()
}

// BatchRequest is one request of a batch.
type BatchRequest struct {
	ID   string // given back with the answer; once in a batch
	Body any    // as the endpoint takes it
}

// Batch is what is known of a batch at the provider.
type Batch struct {
	ID     string
	Tag    string
	Status sdk.BatchStatus
	Why    string // of a failed one, fit for a log
	// files at the provider; empty where there is none (yet)
	input, output, errors string
}

// Ended reports whether nothing more comes of the batch.
func (b Batch) Ended() bool {
	switch b.Status {
	case sdk.BatchStatusCompleted, sdk.BatchStatusFailed, sdk.BatchStatusExpired, sdk.BatchStatusCancelled:
		return true
	}
	return false
}

// Batcher has many requests answered within a day at half the price, by the provider's Batch API.
// Nothing of a file is held in memory but a line at a time. Its errors are ErrNoBatches,
// ErrBatchTooLarge, ErrNoSuchBatch, *conversation.ModelError or ctx's own, wrapped. Safe for
// concurrent use.
type Batcher struct {
	server  *server
	files   sdk.FileService
	batches sdk.BatchService
}

// NewBatcher returns a Batcher for cfg's server; cfg.Models is not used.
func NewBatcher(cfg Config) (*Batcher, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	// Nobody waits for these calls, and nothing comes back until the file is sent.
	cfg.Timeout, cfg.FirstByteTimeout = batchTimeout, batchTimeout
	s := newServer(cfg)
	return &Batcher{server: s, files: sdk.NewFileService(s.options()...), batches: sdk.NewBatchService(s.options()...)}, nil
}

// Submit sends the requests and has them worked off at endpoint, such as /v1/embeddings. tag is our
// own name of the batch, by which Find knows it should its id be lost. An error of requests ends it.
func (b *Batcher) Submit(ctx context.Context, tag, endpoint string, requests iter.Seq2[BatchRequest, error]) (string, error) {
	var file string
	err := b.call(ctx, func(ctx context.Context) error {
		var err error
		file, err = b.upload(ctx, tag, endpoint, requests)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("send batch %s: %w", tag, unsupported(err))
	}
	var made *sdk.Batch
	err = b.call(ctx, func(ctx context.Context) error {
		var err error
		made, err = b.batches.New(ctx, sdk.BatchNewParams{
			CompletionWindow: sdk.BatchNewParamsCompletionWindow24h, Endpoint: sdk.BatchNewParamsEndpoint(endpoint),
			InputFileID: file, Metadata: map[string]string{batchTag: tag},
		})
		return err
	})
	if err == nil && made.ID == "" {
		err = errMalformed
	}
	if err != nil {
		return "", fmt.Errorf("start batch %s: %w", tag, unsupported(err))
	}
	return made.ID, nil
}

// upload streams the file of the requests and returns its id.
func (b *Batcher) upload(ctx context.Context, tag, endpoint string, requests iter.Seq2[BatchRequest, error]) (string, error) {
	out, in := io.Pipe()
	form := multipart.NewWriter(in)
	written := make(chan error, 1)
	go func() {
		err := writeBatch(form, tag, endpoint, requests)
		in.CloseWithError(err) // nil: the end of the file
		written <- err
	}()
	file, err := b.files.New(ctx, sdk.FileNewParams{}, option.WithRequestBody(form.FormDataContentType(), io.Reader(out)))
	out.CloseWithError(errStopped) // a server that answers early leaves the rest unread
	if e := <-written; e != nil && !errors.Is(e, errStopped) && !errors.Is(e, io.ErrClosedPipe) {
		return "", &ownError{e}
	}
	if err != nil {
		return "", err
	}
	if file.ID == "" {
		return "", errMalformed
	}
	return file.ID, nil
}

// errStopped is what the writer of a file meets when its reader has gone.
var errStopped = errors.New("nobody reads on")

// writeBatch writes the form that a batch's file is sent as.
func writeBatch(form *multipart.Writer, tag, endpoint string, requests iter.Seq2[BatchRequest, error]) error {
	for _, f := range [...][2]string{
		{"purpose", string(sdk.FilePurposeBatch)}, {"expires_after[anchor]", "created_at"},
		{"expires_after[seconds]", fmt.Sprint(int(batchKeep.Seconds()))},
	} {
		if err := form.WriteField(f[0], f[1]); err != nil {
			return err
		}
	}
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename="frontdesk-%s.jsonl"`, tag)},
		"Content-Type":        {"application/jsonl"},
	})
	if err != nil {
		return err
	}
	count, size := 0, 0
	for r, err := range requests {
		if err != nil {
			return err
		}
		line, err := json.Marshal(map[string]any{"custom_id": r.ID, "method": http.MethodPost, "url": endpoint, "body": r.Body})
		if err != nil {
			return fmt.Errorf("write request %s: %w", r.ID, err)
		}
		count, size = count+1, size+len(line)+1
		if count > BatchRequests || size > BatchBytes {
			return ErrBatchTooLarge
		}
		if _, err := part.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return form.Close()
}

// Find returns the newest batch of our name, or ErrNoSuchBatch. It looks through the newest hundred.
func (b *Batcher) Find(ctx context.Context, tag string) (Batch, error) {
	var found Batch
	err := b.call(ctx, func(ctx context.Context) error {
		found = Batch{}
		page, err := b.batches.List(ctx, sdk.BatchListParams{Limit: param.NewOpt(int64(batchLook))})
		if err != nil {
			return err
		}
		for i := range page.Data {
			if page.Data[i].Metadata[batchTag] == tag {
				found = b.known(&page.Data[i])
				break
			}
		}
		return nil
	})
	if err == nil && found.ID == "" {
		err = ErrNoSuchBatch
	} else {
		err = unsupported(err)
	}
	if err != nil {
		return Batch{}, fmt.Errorf("look for batch %s: %w", tag, err)
	}
	return found, nil
}

// Get returns how a batch stands, or ErrNoSuchBatch.
func (b *Batcher) Get(ctx context.Context, id string) (Batch, error) {
	return b.one(ctx, "ask for", id, b.batches.Get)
}

// Cancel stops a batch; what was done by then can be collected once it has ended.
func (b *Batcher) Cancel(ctx context.Context, id string) (Batch, error) {
	return b.one(ctx, "cancel", id, b.batches.Cancel)
}

func (b *Batcher) one(ctx context.Context, verb, id string, do func(context.Context, string, ...option.RequestOption) (*sdk.Batch, error)) (Batch, error) {
	var got Batch
	err := b.call(ctx, func(ctx context.Context) error {
		res, err := do(ctx, id)
		if err == nil {
			got = b.known(res)
		}
		return err
	})
	if statusOf(err) == http.StatusNotFound {
		err = ErrNoSuchBatch
	}
	if err != nil {
		return Batch{}, fmt.Errorf("%s batch %s: %w", verb, id, err)
	}
	return got, nil
}

func (b *Batcher) known(r *sdk.Batch) Batch {
	known := Batch{ID: r.ID, Tag: r.Metadata[batchTag], Status: r.Status, input: r.InputFileID, output: r.OutputFileID, errors: r.ErrorFileID}
	if len(r.Errors.Data) > 0 { // the message may quote a line, which is somebody's text
		known.Why = b.server.scrub(r.Errors.Data[0].Code)
	}
	return known
}

// Delete deletes a batch's files at the provider, so that nothing stays there for longer than it
// must. Those that are gone already are no error.
func (b *Batcher) Delete(ctx context.Context, batch Batch) error {
	var all error
	for _, id := range [...]string{batch.input, batch.output, batch.errors} {
		if id == "" {
			continue
		}
		err := b.call(ctx, func(ctx context.Context) error {
			_, err := b.files.Delete(ctx, id)
			return err
		})
		if err != nil && statusOf(err) != http.StatusNotFound {
			all = errors.Join(all, fmt.Errorf("delete file %s: %w", id, err))
		}
	}
	return all
}

// call does one request, once: nobody waits for it, and whoever asked comes back to what fails. An
// ownError is returned as it was.
func (b *Batcher) call(ctx context.Context, f func(context.Context) error) error {
	var own *ownError
	err := b.server.do(ctx, func(ctx context.Context) error {
		if err := f(ctx); !errors.As(err, &own) {
			return err
		}
		return nil // no fault of the server's
	})
	if own != nil && err == nil {
		return own.error
	}
	return err
}

// ownError is an error of whoever gives the requests or takes the answers.
type ownError struct{ error }

// statusOf returns the HTTP status that the server refused a call with; 0 when it did not.
func statusOf(err error) int {
	var api *apiError
	if errors.As(err, &api) {
		return api.Status
	}
	return 0
}

// unsupported is err, with ErrNoBatches where it says that there are none here.
func unsupported(err error) error {
	switch statusOf(err) {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return fmt.Errorf("%w: %w", ErrNoBatches, err)
	}
	return err
}
