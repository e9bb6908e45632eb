package report

import (
	"io"
	"path/filepath"

	"github.com/snowman-ml/snowman/internal/atomicfile"
)

// Files are the paths that a page is written to. An empty path stands for no file.
type Files struct {
	HTML, CSV string
	SVG       string // a folder, for a file a picture
}

// SVGPaths returns the files of the pictures, in the order of Pictures.
func (f Files) SVGPaths() []string {
	var paths []string
	if f.SVG != "" {
		for _, picture := range Pictures(Page{}) {
			paths = append(paths, filepath.Join(f.SVG, picture.Name+".svg"))
		}
	}
	return paths
}

// Write writes the files of the page. The folder of the pictures must be there.
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
	pictures := Pictures(page)
	for i, path := range f.SVGPaths() {
		err := atomicfile.Write(path, func(w io.Writer) error {
			_, err := w.Write(pictures[i].SVG())
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
