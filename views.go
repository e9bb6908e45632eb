package snowman

// addViews adds the views of s.url that the network reads.
func (s *Scorer) addViews() {
	alphabet, limit := s.model.alphabet, s.model.file.Metadata.SymbolLimit
	if s.model.file.Metadata.Shape.HasViews() {
		symbols, views := alphabet.AppendViews(s.batch.Symbols, &s.url, limit)
		s.batch.Symbols = symbols
		s.batch.Add(views.Ends, views.IsPaid)
		return
	}
	s.batch.Symbols = alphabet.Append(s.batch.Symbols, &s.url, limit)
	end := len(s.batch.Symbols)
	s.batch.Add([...]int{end, end, end}, false)
}
