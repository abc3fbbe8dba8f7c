package eval

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

// writeFiles writes what the options ask for, queries in the set's order.
func writeFiles(o Options, queries []Query, answers []answer) error {
	if o.RunFile != "" {
		err := writeFile(o.RunFile, func(w io.Writer) {
			for i, q := range queries {
				for _, d := range answers[i].ranking {
					fmt.Fprintf(w, "%s\t%s\t%v\n", q.ID, d.id, d.score)
				}
			}
		})
		if err != nil {
			return err
		}
	}
	if o.ConfFile == "" {
		return nil
	}
	return writeFile(o.ConfFile, func(w io.Writer) {
		for i, q := range queries {
			fmt.Fprintf(w, "%s\t%v\n", q.ID, answers[i].confidence)
		}
	})
}

// writeFile buffers what f writes; the buffer keeps the first error for Flush.
func writeFile(path string, f func(w io.Writer)) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(file)
	f(w)
	if err := w.Flush(); err != nil {
		file.Close()
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
