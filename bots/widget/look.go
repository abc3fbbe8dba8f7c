package widget

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
)

// Look is how the chat looks where the page's own tag does not say; what is empty is
// left to the widget.
type Look struct {
	Title        string   `json:"title,omitempty"`
	Accent       string   `json:"accent,omitempty"`
	Position     string   `json:"position,omitempty"` // left or right
	Theme        string   `json:"theme,omitempty"`    // auto, light or dark
	Lang         string   `json:"lang,omitempty"`
	Greeting     string   `json:"greeting,omitempty"`
	QuickReplies []string `json:"quick_replies,omitempty"` // below the greeting
}

// noLook stands in the script for the look of this moment.
const noLook = "look:{}"

// dressed keeps the script with a look in front of it, for as long as the look stays.
type dressed struct {
	mu       sync.Mutex // guards what follows
	look     string
	variants map[string]variant // by language
}

// look is that of the moment.
func (h *Handler) lookNow() Look {
	if h.look == nil {
		return Look{}
	}
	return h.look()
}

// in returns the script in a language with a look.
func (d *dressed) in(s *Script, lang string, l Look) (variant, error) {
	data, err := json.Marshal(l)
	if err != nil {
		return variant{}, fmt.Errorf("write look: %w", err)
	}
	if string(data) == "{}" {
		return s.variants[lang], nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.look != string(data) {
		d.look, d.variants = string(data), map[string]variant{}
	}
	if v, ok := d.variants[lang]; ok {
		return v, nil
	}
	v, err := newVariant(bytes.Replace(s.variants[lang].body, []byte(noLook), append([]byte("look:"), data...), 1))
	if err != nil {
		return variant{}, fmt.Errorf("compress script: %w", err)
	}
	d.variants[lang] = v
	return v, nil
}
