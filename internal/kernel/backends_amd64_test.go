//go:build amd64 && !purego

package kernel

var backends = []string{goBackend, avx2Backend, avx512Backend}
