package script

// A printer prints piece by piece: to put a string together would allocate.
type printer struct {
	write func(string)
}

func (p *printer) text(piece string) *printer {
	if piece != "" {
		p.write(piece)
	}
	return p
}

func (p *printer) end() { p.write("\n") }

// field prints a number after what it is.
func (p *printer) field(name string, n uint64) *printer {
	const digits = "0123456789"
	p.text(name)
	power := uint64(1)
	for n/power > 9 {
		power *= 10
	}
	for ; power > 0; power /= 10 {
		digit := n / power % 10
		p.write(digits[digit : digit+1])
	}
	return p
}

// bytes prints what came out of a script as a word, or "?" for what cannot have.
func (p *printer) bytes(bytes []byte) {
	const printable = `!"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_` + "`abcdefghijklmnopqrstuvwxyz{|}~"
	for _, b := range bytes {
		if at := b - '!'; at < byte(len(printable)) {
			p.write(printable[at : at+1])
		} else {
			p.write("?")
		}
	}
}
