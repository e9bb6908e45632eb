//go:build !(amd64 || arm64) || purego

package kernel

var backends = []string{goBackend}

func fastest(string) string { return goBackend }
