// Command neon generates the assembly of package kernel for arm64. Each routine is one of the loops
// in kernel.go on several lanes at once. Nothing is reordered where the order could show and no
// multiplication is fused with an addition, so the results are the same.
//
// go generate ./internal/kernel runs it.
package main

import (
	"flag"
	"log"
	"os"
)

func main() {
	assembly := flag.String("out", "", "the file for the assembly")
	stubs := flag.String("stubs", "", "the file for the Go declarations")
	flag.Parse()

	p := newProgram()
	p.convolveMax()
	p.convolveArgMax()
	p.convolveMax8()
	p.dense()
	p.denseBackward()
	p.dense8()
	p.dense8Dot()
	p.fold()
	p.add()
	p.adam()

	for path, text := range map[string][]byte{*assembly: p.assembly.Bytes(), *stubs: p.stubs.Bytes()} {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
