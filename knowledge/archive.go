package knowledge

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
)

// Added is what became of an upload.
type Added struct {
	Documents  []Document // in the upload's order; at least one
	PassedOver []PassedOver
	// Archive says that the upload was one: each of the documents is a file of it.
	Archive bool
}

// PassedOver is a file of an archive that is no document here.
type PassedOver struct {
	Name   string
	Reason error // wraps one of this package's errors
}

// AddAll is Add for an upload that may be an archive: each file in it becomes
// a document of its own. Files that cannot be documents, such as pictures, are
// passed over; when none is left, the first one's reason is returned. What was
// added before another error stays, and adding the same archive again goes on
// from there, because known bytes are not stored twice.
func (in *Ingest) AddAll(ctx context.Context, u Upload) (Added, error) {
	d, err := in.document(u)
	if err != nil {
		return Added{}, err
	}
	if d.MediaType == Archive {
		return in.addMembers(ctx, u)
	}
	if d, err = in.store.AddDocument(ctx, d, sha256.Sum256(u.Data), u.Data); err != nil {
		return Added{}, err
	}
	return Added{Documents: []Document{d}}, nil
}

func (in *Ingest) addMembers(ctx context.Context, u Upload) (Added, error) {
	if in.reader.Members == nil || u.Site != "" { // a site's pages are known by their addresses, members have none
		return Added{}, fmt.Errorf("%w: archives cannot be taken apart here", ErrUnsupported)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, extractWithin, fmt.Errorf("%w: the archive could not be taken in within %v", ErrTooLarge, extractWithin))
	defer cancel()
	// What is in an archive stands in memory, and expands to many times its size:
	// one at a time. Whoever waits in vain is told to come again.
	select {
	case in.apart <- struct{}{}:
		defer func() { <-in.apart }()
	case <-ctx.Done():
		return Added{}, fmt.Errorf("%w: another archive is being taken in: %w", ErrBusy, ctx.Err())
	}
	members, err := in.reader.Members(ctx, u.Data)
	if err != nil {
		return Added{}, caused(ctx, err)
	}
	out := Added{Archive: true}
	for _, m := range members {
		d, err := in.document(m)
		if err == nil {
			if d, err = in.store.AddDocument(ctx, d, sha256.Sum256(m.Data), m.Data); err != nil {
				return Added{}, caused(ctx, fmt.Errorf("add %q of the archive: %w", m.Name, err))
			}
			out.Documents = append(out.Documents, d)
			continue
		}
		out.PassedOver = append(out.PassedOver, PassedOver{Name: m.Name, Reason: err})
	}
	if len(out.Documents) == 0 {
		if len(out.PassedOver) == 0 {
			return Added{}, fmt.Errorf("%w: there are no files in the archive", ErrEmpty)
		}
		first := out.PassedOver[0]
		return Added{}, fmt.Errorf("%w (%s, and nothing else in the archive can be read)", first.Reason, first.Name)
	}
	return out, nil
}

// caused is why ctx ended, when that is what err comes from.
func caused(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return context.Cause(ctx)
	}
	return err
}
