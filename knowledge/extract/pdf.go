package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/klippa-app/go-pdfium"
	pdfiumerrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"

	"frontdesk/knowledge"
)

const (
	// pdfFresh is how much memory the engine may have taken before the document
	// is opened anew in a fresh instance: pdfium keeps the fonts and pictures of
	// every page it has seen.
	pdfFresh = 64 << 20
	// maxPageChars is how many characters of one page are read: a poster of fine
	// print has a twentieth of it.
	maxPageChars = 1 << 20
	// maxPageLines is how many lines of one page are looked at for their size.
	maxPageLines = 2_000
)

// fromPDF reads a PDF page by page. Headings are guessed from the size of
// letters; lines that stand at the top or bottom of most pages are left out.
func fromPDF(ctx context.Context, data []byte, sus *suspicions) (knowledge.Text, error) {
	r := pdfReader{ctx: ctx, data: data, sus: sus}
	for r.pages == nil || len(r.pages) < r.count {
		if err := pdf.use(ctx, r.read); err != nil {
			return knowledge.Text{}, err
		}
		if len(r.pages) < r.count {
			// The instance's memory is garbage now and the next one takes as much
			// again; the collector would wait until there is twice as much.
			runtime.GC()
		}
	}
	switch {
	case r.total == 0 && r.bad > 0:
		return knowledge.Text{}, fmt.Errorf("%w: the pages of the PDF cannot be read: they are damaged or take more than %d MB of memory",
			knowledge.ErrCorrupt, pdfMemory*wasmPage>>20)
	case r.total == 0:
		return knowledge.Text{}, fmt.Errorf("%w: the PDF has %s but no text: it is probably scanned. Upload one with recognised text (OCR)",
			knowledge.ErrEmpty, plural(r.count, "page"))
	}
	if r.bad > 0 {
		sus.add("", plural(r.bad, "page")+" could not be read and were left out", "")
	}
	return writePDF(ctx, r.pages, r.title, sus)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// pdfReader gathers the lines of a document.
type pdfReader struct {
	ctx   context.Context
	data  []byte
	sus   *suspicions
	count int
	pages []pdfPage
	title string
	total int // bytes of text
	bad   int // pages pdfium could not read
}

type pdfPage struct {
	lines  []pdfLine
	height float32
}

// pdfLine is a line of text as it stands on its page, in points from the
// bottom left.
type pdfLine struct {
	text        string
	size        float32 // height of its letters; 0 when not known
	top, bottom float32
	left, right float32
}

// read opens the document and reads pages until all are or the instance has
// taken much memory.
func (r *pdfReader) read(in pdfium.Pdfium, memory func() int) error {
	doc, err := in.OpenDocument(&requests.OpenDocument{FileReader: bytes.NewReader(r.data), FileReaderSize: int64(len(r.data))})
	switch {
	case errors.Is(err, pdfiumerrors.ErrPassword), errors.Is(err, pdfiumerrors.ErrSecurity):
		return fmt.Errorf("%w: the PDF is protected by a password; save it without one", knowledge.ErrCorrupt)
	case err != nil:
		return fmt.Errorf("%w: the PDF is damaged or was not sent whole", knowledge.ErrCorrupt)
	}
	if r.pages == nil {
		n, err := in.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: doc.Document})
		if err != nil || n.PageCount < 1 {
			return fmt.Errorf("%w: the PDF has no pages that can be read", knowledge.ErrCorrupt)
		}
		if n.PageCount > MaxPages {
			return fmt.Errorf("%w: the PDF has %d pages, at most %d can be read", knowledge.ErrTooLarge, n.PageCount, MaxPages)
		}
		r.count, r.pages = n.PageCount, make([]pdfPage, 0, n.PageCount)
		if title, err := in.FPDF_GetMetaText(&requests.FPDF_GetMetaText{Document: doc.Document, Tag: "Title"}); err == nil {
			r.title, _ = clean(strings.ToValidUTF8(clip(title.Value, MaxQuestion), ""))
		}
	}
	for first := len(r.pages); len(r.pages) < r.count; {
		knowledge.ReportProgress(r.ctx, knowledge.Progress{Done: len(r.pages), Total: r.count})
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if len(r.pages) > first && memory() > pdfFresh {
			return nil // go on in a fresh instance
		}
		page, err := r.page(in, doc.Document, len(r.pages))
		if err != nil && errors.Is(err, errPage) {
			r.bad++
			r.pages = append(r.pages, pdfPage{})
			if trapped(err) {
				return nil // what the instance holds cannot be trusted any more
			}
			continue
		}
		if err != nil {
			return err
		}
		r.pages = append(r.pages, page)
	}
	return nil
}

// errPage is wrapped by a failure that concerns one page alone.
var errPage = errors.New("page cannot be read")

// trapped reports whether pdfium itself came to an end, as it does where it
// gets no more memory.
func trapped(err error) bool {
	s := err.Error()
	return strings.Contains(s, "wasm error") || strings.Contains(s, "module closed") || strings.Contains(s, "memory")
}

// page reads one page; its errors wrap errPage where the rest can be read.
func (r *pdfReader) page(in pdfium.Pdfium, doc references.FPDF_DOCUMENT, index int) (page pdfPage, err error) {
	fault := func(err error) (pdfPage, error) { return pdfPage{}, fmt.Errorf("%w: %w", errPage, err) }
	loaded, err := in.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: doc, Index: index})
	if err != nil {
		return fault(err)
	}
	defer in.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: loaded.Page})
	ref := requests.Page{ByReference: &loaded.Page}
	if h, err := in.FPDF_GetPageHeightF(&requests.FPDF_GetPageHeightF{Page: ref}); err == nil {
		page.height = h.PageHeight
	}
	text, err := in.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: ref})
	if err != nil {
		return fault(err)
	}
	defer in.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: text.TextPage})
	chars, err := in.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: text.TextPage})
	if err != nil {
		return fault(err)
	}
	if chars.Count == 0 {
		return page, nil
	}
	if chars.Count > maxPageChars {
		return page, fmt.Errorf("%w: page %d has more than %d characters", knowledge.ErrTooLarge, index+1, maxPageChars)
	}
	got, err := in.FPDFText_GetText(&requests.FPDFText_GetText{TextPage: text.TextPage, Count: chars.Count})
	if err != nil {
		return fault(err)
	}
	s := strings.ToValidUTF8(strings.TrimRight(got.Text, "\x00"), "\uFFFD")
	if r.total += len(strings.TrimSpace(s)); r.total > MaxText {
		return page, errTextTooLarge
	}
	if strings.TrimSpace(s) == "" {
		return page, nil
	}
	r.sus.smuggled(fmt.Sprintf("Page %d", index+1), s)
	p := pdfPageReader{in: in, page: ref, text: text.TextPage, chars: chars.Count}
	page.lines = p.lines(s)
	p.told(fmt.Sprintf("Page %d", index+1), r.sus)
	return page, r.ctx.Err()
}
