package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"os"
	gopath "path"
	"time"
)

// A file is a file of an archive.
type file struct {
	name    string
	mode    int64
	content []byte
}

// writeTar writes files below a folder to a tar.gz, with this time and no owner.
func writeTar(path, folder string, files []file, when time.Time) error {
	var out bytes.Buffer
	compressed, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(compressed)
	for _, f := range files {
		header := &tar.Header{Format: tar.FormatUSTAR, Name: folder + "/" + f.name, Mode: f.mode, Size: int64(len(f.content)), ModTime: when}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(f.content); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	if err := compressed.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o666)
}

// writeZip writes files below a folder, or none, to a zip, with this time.
func writeZip(path, folder string, files []file, when time.Time) error {
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for _, f := range files {
		header := &zip.FileHeader{Name: gopath.Join(folder, f.name), Method: zip.Deflate, Modified: when}
		header.SetMode(os.FileMode(f.mode))
		w, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := w.Write(f.content); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o666)
}
