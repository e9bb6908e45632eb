package lookalike

// sums hash any part of a text by a subtraction. Two parts have one hash if they have one skeleton,
// or the same letters in another order: each letter stands for a number by chance, and what looks
// like two letters for the sum of theirs, m for that of r and n.
//
// Whoever makes two words of one hash gains nothing, since words are compared.
type sums [maxSummed + 8]uint32 // of the letters before each byte

// maxSummed is the length of the longest text that has sums.
const maxSummed = 64

// set makes the sums of a text of at most maxSummed bytes.
func (s *sums) set(text []byte) {
	sum := uint32(0)
	s[0] = 0
	for i, c := range text[:min(len(text), maxSummed)] {
		sum += numbers[c]
		s[i+1] = sum
	}
}

// add adds the sums of the eight bytes in a word, which stand behind the first i, whose sum it is
// given. It returns their sum.
func (s *sums) add(i int, sum uint32, word uint64) uint32 {
	before := (*[8]uint32)(s[i:])
	before[0], sum = sum, sum+numbers[byte(word)]
	before[1], sum = sum, sum+numbers[byte(word>>8)]
	before[2], sum = sum, sum+numbers[byte(word>>16)]
	before[3], sum = sum, sum+numbers[byte(word>>24)]
	before[4], sum = sum, sum+numbers[byte(word>>32)]
	before[5], sum = sum, sum+numbers[byte(word>>40)]
	before[6], sum = sum, sum+numbers[byte(word>>48)]
	before[7], sum = sum, sum+numbers[byte(word>>56)]
	return sum
}

// hash returns the hash of the bytes from start to end.
func (s *sums) hash(start, end int) uint32 { return s[end] - s[start] }

// numbers has what each byte stands for.
var numbers = func() (numbers [256]uint32) {
	for c, letter := range fold {
		numbers[c] = chance(uint32(letter))
	}
	for c, pair := range pairOf {
		numbers[c] = numbers[pair[0]] + numbers[pair[1]]
	}
	return numbers
}()

// chance returns a number by chance, always the same one for n.
func chance(n uint32) uint32 {
	n = (n + 1) * 0x9E3779B1
	n = (n ^ n>>15) * 0x85EBCA6B
	n = (n ^ n>>13) * 0xC2B2AE35
	return n ^ n>>16
}

// pairOf has the two letters that look like one.
var pairOf = map[byte]string{'m': "rn", 'w': "vv", 'd': "cl"}
