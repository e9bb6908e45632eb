package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/sources"
)

const packDescription = `
Writes all that a store has into one file, with checksums.

example:
  $ snowman data pack -store store -o feeds.tar.gz
`

const unpackDescription = `
Adds what a file of snowman data pack has to a store. A file that is damaged, or that has anything else
in it, changes nothing.

example:
  $ snowman data unpack -store store feeds.tar.gz
`

func packStore(ctx context.Context, args []string, s streams) error {
	flags := newFlags("data pack", "-store DIR -o FILE", packDescription)
	store := flags.String("store", "", "the `folder` that snowman data fetch filled")
	output := flags.String("o", "", "the `file` to write, such as feeds.tar.gz")
	if err := parseAll(flags, args, s); err != nil {
		return err
	}
	if *store == "" || *output == "" {
		return usageError{"data pack needs -store, the folder to read, and -o, the file to write"}
	}
	if err := checkOutput("-o", *output); err != nil {
		return err
	}
	result, err := sources.Pack(ctx, *store, *output)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.stdout, "%d days of %d feeds\n", result.Days, result.Feeds)
	return err
}

func unpackStore(ctx context.Context, args []string, s streams) error {
	flags := newFlags("data unpack", "-store DIR FILE", unpackDescription)
	store := flags.String("store", "", "the `folder` to add to, made if there is none")
	file := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		file, args = args[0], args[1:]
	}
	if err := parse(flags, args, s); err != nil {
		return err
	}
	if file == "" && flags.NArg() == 1 {
		file = flags.Arg(0)
	} else if flags.NArg() > 0 {
		return usageError{fmt.Sprintf("unexpected argument %q; want one file", flags.Arg(0))}
	}
	if *store == "" || file == "" {
		return usageError{"data unpack needs a file of snowman data pack, and -store, the folder to add to"}
	}
	bundle, err := inputfile.Open(ctx, file)
	if err != nil {
		return err
	}
	defer bundle.Close()
	result, err := sources.Unpack(ctx, bundle, *store)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.stdout, "%d days of %d feeds; %d the store had already\n", result.Days, result.Feeds, result.Kept)
	return err
}
