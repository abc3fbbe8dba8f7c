package main

import (
	"fmt"
	"sync"

	"frontdesk/bots/widget"
	"frontdesk/cmd/frontdesk/assets"
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
		return widget.NewScript(js, part, widget.UI)
	})
}
