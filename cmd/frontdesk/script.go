package main

import (
	"fmt"
	"sync"

	"frontdesk/bots/widget"
	"frontdesk/cmd/frontdesk/assets"
)

// startScript begins to bundle the widget's script, which takes about as long
// as Postgres does to start, and returns what waits for it.
func startScript() func() (*widget.Script, error) {
	bundle := sync.OnceValues(func() (*widget.Script, error) {
		js, err := assets.Bundle(widget.UI, widget.Entry, assets.Options{})
		if err != nil {
			return nil, fmt.Errorf("bundle the widget: %w", err)
		}
		return widget.NewScript(js, widget.UI)
	})
	go bundle() // whoever calls first waits for this one
	return bundle
}
