package parse_test

import (
	"archive/zip"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/test/sheet"
)

// U3: names of entries are never paths. A container with them is read as if they were not there, or refused, and no file appears.
func TestEntryNamesAreNoPaths(t *testing.T) {
	fixtures := map[string][]byte{}
	for _, name := range containers {
		fixtures[name] = fixtureBytes(t, name)
	}
	folder := t.TempDir()
	t.Chdir(folder)
	outside := func() (names []string) {
		require.NoError(t, filepath.WalkDir(filepath.Dir(folder), func(path string, _ fs.DirEntry, err error) error {
			names = append(names, path)
			return err
		}))
		return names
	}
	entries := map[string]zip.FileHeader{
		"slip": {Name: "../../evil"}, "deep slip": {Name: "xl/../../../evil"}, "absolute": {Name: "/evil"}, "backslash": {Name: `..\..\evil`},
		"drive": {Name: `C:\evil`}, "wide dots": {Name: "．．/evil"}, "two-dot leader": {Name: "‥/evil"}, "NUL": {Name: "evil\x00.txt"}, "home": {Name: "~/evil"},
		"symbolic link": {Name: "link"}, "device": {Name: "device"}, "folder named like a file": {Name: "xl/workbook.xml/evil"},
	}
	harmless, turnedAway := 0, 0
	for _, name := range containers {
		whole := fixtures[name]
		for title, header := range entries {
			switch title {
			case "symbolic link":
				header.SetMode(fs.ModeSymlink | 0o777)
			case "device":
				header.SetMode(fs.ModeDevice | 0o666)
			}
			before := outside()
			content := repack(t, whole, nil, func(w *zip.Writer) {
				out, err := w.CreateHeader(&header)
				require.NoError(t, err)
				_, err = out.Write([]byte("/etc/passwd"))
				require.NoError(t, err)
			})
			_, err := read("x"+filepath.Ext(name), content, parse.Options{}, parse.Limits{})
			require.NotEqual(t, fault.Internal, fault.KindOf(err), "%s: %v", title, err)
			require.Equal(t, before, outside(), title)
			if err == nil {
				harmless++
			} else {
				turnedAway++
			}
		}
	}
	require.Equal(t, len(entries)*len(containers), harmless+turnedAway)
	sheet.Record(t, "U3", harmless+turnedAway, fmt.Sprintf("%d names × %d containers: %d read without them, %d refused, files outside 0", len(entries), len(containers), harmless, turnedAway), "files outside 0, 12/12")
}
