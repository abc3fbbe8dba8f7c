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
		return widget.NewScript(js, widget.UI)
	})
}
