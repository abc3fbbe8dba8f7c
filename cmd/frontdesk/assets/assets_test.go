package assets

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"testing"
	"time"

	"frontdesk/bots/widget"
)

func TestTry(t *testing.T) {
	t0 := time.Now()
	js, err := Bundle(widget.UI, widget.Entry, Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := time.Since(t0)
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, 9)
	w.Write(js)
	w.Close()
	fmt.Println(len(js), b.Len(), d)
	os.WriteFile("/tmp/out.js", js, 0o644)
}
