package main

import (
	"fmt"
	"io"
	"reflect"
	"text/tabwriter"
)

// describeSettings lists every setting with its flag and default.
func describeSettings(w io.Writer) {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for f := range reflect.TypeFor[Config]().Fields() {
		name := f.Tag.Get("env")
		if name == "" {
			continue
		}
		about := f.Tag.Get("about")
		if d := f.Tag.Get("envDefault"); d != "" {
			about += " (" + d + ")"
		}
		flag := "--" + flagName(name)
		if f.Type == reflect.TypeFor[Secret]() {
			flag = ""
		}
		fmt.Fprintf(tw, "  %s\t%s\t%s\n", name, flag, about)
	}
	tw.Flush()
}
