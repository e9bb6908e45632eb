package retrain

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/sources"
	"github.com/snowman-ml/snowman/internal/visible"
)

// rowsPath is the folder of the rows that a store gave for a model, for whoever wants to see them.
func rowsPath(model string) string { return model + ".rows" }

// readStore fetches the feeds if that was asked for, and makes labelled files of the store.
func (r *run) readStore(ctx context.Context) error {
	if r.Store == "" {
		return nil
	}
	if r.Fetch != nil {
		if err := r.fetch(ctx); err != nil {
			return err
		}
	}
	r.Tell("making rows of the store")
	folder, err := filepath.Abs(rowsPath(r.Model))
	if err != nil {
		return err
	}
	built, err := sources.Build(ctx, r.Store, time.Now(), folder)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return Refusal{[]string{err.Error()}}
	}
	for _, feed := range built.Feeds {
		for _, day := range feed.Damaged {
			r.note(fmt.Sprintf("feed %s: left out is %s", feed.Feed, day))
		}
		for _, day := range feed.TakenOut {
			r.note(fmt.Sprintf("feed %s: the day %s counts as taken out, since its file is gone", feed.Feed, day))
		}
		if feed.Problem != "" {
			r.note(fmt.Sprintf("feed %s is left out: %s", feed.Feed, feed.Problem))
		}
		if _, isOn := r.Rules["feeds"]; isOn && feed.LastRows >= fewestToRepeat && 2*feed.LastTwice > feed.LastRows {
			r.refuse(fmt.Sprintf("feed %s: %d of %d rows of %s repeat others of that day", feed.Feed, feed.LastTwice, feed.LastRows, feed.Last))
		}
	}
	return r.useStore(folder, built.Recipe)
}

// fetch fetches the feeds. One that fails costs only what is new in it.
func (r *run) fetch(ctx context.Context) error {
	r.Tell("fetching the feeds")
	options := *r.Fetch
	options.Store = r.Store
	told := 0
	options.Progress = func(p sources.Progress) {
		if p.Done > told {
			told = p.Done
			r.Tell(fmt.Sprintf("feeds asked: %d of %d", p.Done, p.Feeds))
		}
	}
	fetched, err := sources.Fetch(ctx, options)
	if err != nil {
		return err
	}
	got := 0
	for _, outcome := range fetched.Outcomes {
		switch outcome.State {
		case sources.Fetched, sources.NotModified:
			got++
		case sources.Failed:
			r.Tell(fmt.Sprintf("feed %s was not fetched: %s", outcome.Feed, visible.Text(outcome.Reason)))
			r.note(fmt.Sprintf("feed %s was not fetched: %s", outcome.Feed, outcome.Reason))
		}
	}
	if got == 0 {
		r.Tell("no feed was fetched: going on with what the store had")
	}
	return nil
}

// useStore adds the store's rows to the data, or makes them the data where there are no others.
func (r *run) useStore(folder string, store dataset.Recipe) error {
	recipe, err := chooseRecipe(r.Recipe)
	if err != nil {
		return err
	}
	switch {
	case r.Data != "":
		recipe.Sources = append(slices.Clone(recipe.Sources), inFolder(folder, store.Sources, recipe.Sources)...)
	case r.Recipe == nil:
		// All but the files is as for the shipped model: how rows are divided and perturbed. Feeds
		// of a few days say little of what is popular, so the present list stays.
		recipe.Sources, recipe.Exclude, recipe.Imitated = store.Sources, nil, 0
		r.Data = folder
	default:
		r.Data = folder
	}
	r.Recipe = &recipe
	return nil
}

// inFolder names sources by their paths, and otherwise where others have the name.
func inFolder(folder string, sources, others []dataset.Source) (placed []dataset.Source) {
	for _, source := range sources {
		source.Name = source.ShortName() // that of a path may not be the same on every system
		isTaken := func(other dataset.Source) bool { return other.ShortName() == source.Name }
		if slices.ContainsFunc(others, isTaken) {
			source.Name = "store_" + source.Name
		}
		source.File = filepath.Join(folder, source.File)
		placed = append(placed, source)
	}
	return placed
}
