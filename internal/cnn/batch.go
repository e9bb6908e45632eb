package cnn

// The views of a text, in the order of Row.Views. A network reads the last ones side by side; the
// registered domain is only read alone, for the floor.
const (
	RegisteredDomain = iota
	Host
	Whole
	viewCount
)

const sideBySide = viewCount - Host // that are read side by side

// Views are the views of a text as indices of a batch's texts. Views that read alike are one text.
// An index below 0 is that of a known view.
type Views [viewCount]int32

// A Row is what one verdict is computed from.
type Row struct {
	Views    Views
	HasFloor bool // the registered domain was paid for: the floor holds
}

// A Batch is rows, and the texts that they are views of.
type Batch struct {
	Texts
	Rows []Row // nil: each text is a row, alike in all views and without a floor

	// Known are the views known to the network whose Logits is to read the batch, once. For all
	// else it is nil.
	Known *KnownViews
}

// RowCount is the number of rows, R.
func (b *Batch) RowCount() int {
	if b.Rows == nil {
		return b.Len()
	}
	return len(b.Rows)
}

func (b *Batch) row(i int) Row {
	if b.Rows == nil {
		return Row{Views: Views{int32(i), int32(i), int32(i)}}
	}
	return b.Rows[i]
}

// Clear removes all texts and rows, and keeps their room.
func (b *Batch) Clear() {
	b.Symbols, b.Ends, b.Rows = b.Symbols[:0], b.Ends[:0], b.Rows[:0]
	if b.Known != nil {
		b.Known.clear()
	}
}

// Add adds the row of views whose symbols were appended to Symbols, where they end at ends. A view
// that ends where the one before it does is the same text.
//
// A host or a registered domain that is known, or that another row of the batch has, is no text
// again: what follows takes the place of its symbols.
func (b *Batch) Add(ends [viewCount]int, hasFloor bool) {
	row := Row{HasFloor: hasFloor}
	first := 0 // symbol of the next view
	if len(b.Ends) > 0 {
		first = int(b.Ends[len(b.Ends)-1])
	}
	left := 0 // symbols, left out
	for view, end := range ends {
		if view > 0 && end == ends[view-1] {
			row.Views[view] = row.Views[view-1]
			continue
		}
		symbols, text := b.Symbols[first:end], int32(len(b.Ends))
		first = end
		if b.Known != nil && end < ends[Whole] {
			index, isKnown := b.Known.find(symbols, text)
			if isKnown {
				row.Views[view] = index
				left += len(symbols)
				continue
			}
		}
		row.Views[view] = text
		if left > 0 {
			copy(b.Symbols[end-len(symbols)-left:], symbols)
		}
		b.Ends = append(b.Ends, int32(end-left))
	}
	b.Symbols = b.Symbols[:len(b.Symbols)-left]
	b.Rows = append(b.Rows, row)
}
