package main

import (
	"fmt"
	"sync"

	"frontdesk/bots/widget"
	"frontdesk/cmd/frontdesk/assets"
	"frontdesk/conversation/console"
)

// bundleScript returns what bundles the widget's script, once: whoever calls
// first does it and the others wait.
func bundleScript() func() (*widget.Script, error) {
	return sync.OnceValues(func() (*widget.Script, error) {
		js, err := assets.Bundle(widget.UI, widget.Entry, assets.Options{})
		if err != nil {
			return nil, fmt.Errorf("bundle the widget: %w", err)
		}
		part, err := assets.Bundle(widget.UI, widget.PartEntry, assets.Options{Module: true})
		if err != nil {
			return nil, fmt.Errorf("bundle the widget's second part: %w", err)
		}
		care, err := assets.Bundle(widget.UI, widget.CareEntry, assets.Options{Module: true})
		if err != nil {
			return nil, fmt.Errorf("bundle the widget's third part: %w", err)
		}
		return widget.NewScript(js, part, care, widget.UI)
	})
}

// bundleConsole does the same for the console's pages, which share the widget's
// Markdown.
func bundleConsole() func() (*console.Pages, error) {
	return sync.OnceValues(func() (*console.Pages, error) {
		src := assets.Forest{"": console.UI, "widget": widget.UI}
		js, err := assets.Split(src, console.Entry, assets.Options{Modules: console.Modules, KeepPrivate: true})
		if err != nil {
			return nil, fmt.Errorf("bundle the console: %w", err)
		}
		css, err := assets.Bundle(src, console.Style, assets.Options{})
		if err != nil {
			return nil, fmt.Errorf("bundle the console's style: %w", err)
		}
		return console.NewPages(js.Entry, css, js.Shared, js.Parts), nil
	})
}
