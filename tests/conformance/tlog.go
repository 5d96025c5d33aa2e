// What Go's sumdb/note and sumdb/tlog make of a ledger: compiled and run by test_tlog.py, with those two packages beside it.
//
// The directory that it is given holds `vkey`, `checkpoint/<size>`, the tiles and entry bundles of C2SP tlog-tiles under
// their paths, `inclusion` (lines: size, index, hashes) and `consistency` (lines: first, second, hashes). It ends at the
// first thing that does not hold. At last it signs a note of its own, for the other side to open.
package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"verify/sumdb/note"
	"verify/sumdb/tlog"
)

var dir string

func must(err error, what string, arguments ...any) {
	if err != nil {
		fail(fmt.Sprintf(what, arguments...) + ": " + err.Error())
	}
}

func fail(what string) {
	fmt.Fprintln(os.Stderr, what)
	os.Exit(1)
}

func read(name string) []byte {
	data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	must(err, "%s", name)
	return data
}

func number(text string) int64 {
	found, err := strconv.ParseInt(text, 10, 64)
	must(err, "a number")
	return found
}

func hash(text string) tlog.Hash {
	found, err := tlog.ParseHash(text)
	must(err, "a hash")
	return found
}

func hashes(texts []string) []tlog.Hash {
	var found []tlog.Hash
	for _, text := range texts {
		found = append(found, hash(text))
	}
	return found
}

// tiles reads C2SP paths: those of this package name the height too.
type tiles struct{}

func (tiles) Height() int { return 8 }

func (tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		found = append(found, read(strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
	}
	return found, nil
}

func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// checkpoint is the tree that the ledger's key has signed.
func checkpoint(size string, known note.Verifiers) tlog.Tree {
	opened, err := note.Open(read("checkpoint/"+size), known)
	must(err, "checkpoint %s", size)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != opened.Sigs[0].Name || lines[1] != size {
		fail("checkpoint " + size + ": not the form of one")
	}
	return tlog.Tree{N: number(lines[1]), Hash: hash(lines[2])}
}

func same(ours, theirs []tlog.Hash) bool {
	if len(ours) != len(theirs) {
		return false
	}
	for place := range ours {
		if ours[place] != theirs[place] {
			return false
		}
	}
	return true
}

func lines(name string) [][]string {
	var found [][]string
	for _, line := range strings.Split(strings.TrimSuffix(string(read(name)), "\n"), "\n") {
		found = append(found, strings.Fields(line))
	}
	return found
}

func inclusion(known note.Verifiers) {
	for _, fields := range lines("inclusion") {
		tree, index, proof := checkpoint(fields[0], known), number(fields[1]), hashes(fields[2:])
		reader := tlog.TileHashReader(tree, tiles{})
		leaf, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		must(err, "tiles of %d", tree.N)
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf[0]), "inclusion %v", fields[:2])
		theirs, err := tlog.ProveRecord(tree.N, index, reader)
		must(err, "proving %v", fields[:2])
		if !same(proof, theirs) {
			fail(fmt.Sprintf("inclusion %v: another proof", fields[:2]))
		}
		leaf[0][0] ^= 1
		if tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf[0]) == nil {
			fail("a record that is not there was proven")
		}
	}
}

func consistency(known note.Verifiers) {
	for _, fields := range lines("consistency") {
		first, second, proof := checkpoint(fields[0], known), checkpoint(fields[1], known), hashes(fields[2:])
		must(tlog.CheckTree(proof, second.N, second.Hash, first.N, first.Hash), "consistency %v", fields[:2])
		theirs, err := tlog.ProveTree(second.N, first.N, tlog.TileHashReader(second, tiles{}))
		must(err, "proving %v", fields[:2])
		if !same(proof, theirs) {
			fail(fmt.Sprintf("consistency %v: another proof", fields[:2]))
		}
		first.Hash[0] ^= 1
		if first.N < second.N && tlog.CheckTree(proof, second.N, second.Hash, first.N, first.Hash) == nil {
			fail("a tree that is not extended was proven to be")
		}
	}
}

// entries compares each bundle with the tile of hashes of the same place.
func entries() {
	for _, name := range lines("bundles") {
		data, leaves := read("tile/entries/"+name[0]), read("tile/0/"+name[0])
		for len(data) > 0 {
			size := int(binary.BigEndian.Uint16(data))
			leaf := tlog.RecordHash(data[2 : 2+size])
			if string(leaf[:]) != string(leaves[:tlog.HashSize]) {
				fail("entries " + name[0] + ": not what their tile says")
			}
			data, leaves = data[2+size:], leaves[tlog.HashSize:]
		}
		if len(leaves) != 0 {
			fail("entries " + name[0] + ": fewer than their tile says")
		}
	}
}

func main() {
	dir = os.Args[1]
	verifier, err := note.NewVerifier(strings.TrimSpace(string(read("vkey"))))
	must(err, "vkey")
	known := note.VerifierList(verifier)
	inclusion(known)
	consistency(known)
	entries()
	secret, public, err := note.GenerateKey(rand.Reader, "example.com/go")
	must(err, "a key")
	signer, err := note.NewSigner(secret)
	must(err, "a signer")
	text := "example.com/go\n1\n" + base64.StdEncoding.EncodeToString(make([]byte, 32)) + "\n"
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	must(err, "signing")
	fmt.Print(public + "\n" + string(signed))
}
