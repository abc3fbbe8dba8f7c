package conversation

import (
	"mime"
	"strconv"
)

// Headers are the header fields under which f may be sent to a browser, by name, so
// that none runs any of it: only pictures that were encoded here, and sound, are shown
// in place; everything else is for saving, and nothing is anything but what they say.
func (f File) Headers() map[string]string {
	h := map[string]string{
		"X-Content-Type-Options":  "nosniff",
		"Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
		"Cache-Control":           "private, no-store",
		"Content-Length":          strconv.Itoa(len(f.Content)),
		"Content-Type":            "application/octet-stream",
		"Content-Disposition":     "attachment",
	}
	if f.Inline() {
		h["Content-Type"], h["Content-Disposition"] = f.MediaType, "inline"
	}
	if f.Name != "" {
		if v := mime.FormatMediaType(h["Content-Disposition"], map[string]string{"filename": f.Name}); v != "" {
			h["Content-Disposition"] = v
		}
	}
	return h
}
