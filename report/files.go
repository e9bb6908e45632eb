package report

import (
	"io"
	"path/filepath"

	"github.com/snowman-ml/snowman/internal/atomicfile"
)

// Files are the paths that a page is written to. An empty path stands for no file.
type Files struct {
	HTML, CSV string
	SVG       string // a folder, for a file per chart
}

// SVGPaths returns the files of the charts, in the order of Charts.
func (f Files) SVGPaths() []string {
	var paths []string
	if f.SVG != "" {
		for _, chart := range Charts(Page{}) {
			paths = append(paths, filepath.Join(f.SVG, chart.Name+".svg"))
		}
	}
	return paths
}

// Write writes the files of the page. The folder of the charts must be there.
func (f Files) Write(page Page) error {
	if f.HTML != "" {
		if err := atomicfile.Write(f.HTML, func(w io.Writer) error { return HTML(w, page) }); err != nil {
			return err
		}
	}
	if f.CSV != "" {
		if err := atomicfile.Write(f.CSV, func(w io.Writer) error { return CSV(w, page) }); err != nil {
			return err
		}
	}
	charts := Charts(page)
	for i, path := range f.SVGPaths() {
		err := atomicfile.Write(path, func(w io.Writer) error {
			_, err := w.Write(charts[i].SVG())
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
