// SPDX-License-Identifier: GPL-3.0-or-later

package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "sarai/"

// may says which of our packages a package may import. A key with "/..." stands
// for the packages below it that have no entry of their own. A package that is
// not here may not exist.
var may = map[string][]string{
	"channels": {},
	"content":  {},
	"desk":     {},
	"locales":  {"content"},
	"search":   {"content"},
	"register": {"content", "search"},
	"dialog":   {"content", "search"}, // search for its value types: docs/decisions/0002
	"store":    {"channels", "content", "desk"},
	"gateway":  {"channels", "content", "desk", "dialog", "internal/ogg", "locales", "register", "search", "store"},
	"report":   {"content", "desk", "store"},
	"export":   {"channels", "content", "desk", "gateway", "store"},
	"backup":   {"desk", "store", "store/bolt", "store/keys"},
	"console":  {"channels", "content", "desk", "export", "gateway", "locales", "report", "search", "store"},

	"channels/...":           {"channels"},
	"channels/messenger":     {"channels", "channels/meta"},
	"channels/whatsappcloud": {"channels", "channels/meta"},
	"store/...":              {"channels", "content", "desk", "store"},
	"store/bolt":             {"channels", "content", "desk", "store", "store/keys"},
	"store/keys":             {},
	"standin/...":            {"standin/page"}, // platforms played on this machine: they know nothing of us, nor of one another
	"standin/page":           {},
	"standin/page/pagetest":  {"internal/browser"},
	"internal/arch":          {},
	"internal/browser":       {},                 // tests only
	"internal/e2e":           {"*"},              // tests only
	"internal/load":          {"standin/botapi"}, // measures from another process
	"internal/ogg":           {},
	"internal/story":         {"channels", "content", "desk", "store"},
	"cmd/...":                {"*"}, // but no other cmd
}

// pure packages decide and do nothing else: no clock, no chance, no input or
// output but what they are handed.
var pure = []string{"desk", "dialog", "register", "search"}

// worldly are packages of the standard library that reach out of the process,
// by their first element or whole.
var worldly = []string{
	"os", "net", "database", "syscall", "log", "plugin", "testing", "expvar",
	"crypto/rand", "math/rand", "math/rand/v2", "io/fs", "path/filepath", "io/ioutil", "runtime/debug", "runtime/pprof",
}

// harmless are the members of the world that only handle text.
var harmless = []string{"net/url", "net/netip"}

// theirs are the modules of others that a pure package may use: tables and
// algorithms.
var theirs = []string{"golang.org/x/text/", "github.com/rivo/uniseg"}

// barred are the names in packages that are else harmless: what reads a clock
// or waits, and what uses the terminal.
var barred = map[string][]string{
	"time": {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"},
	"fmt":  {"Print", "Printf", "Println", "Scan", "Scanf", "Scanln"},
}

func TestWhoImportsWhom(t *testing.T) {
	report(t, imports, tree())
}

func TestTheDecidingPackagesTouchNothing(t *testing.T) {
	report(t, touches, tree())
}

func TestEveryFileNamesItsLicence(t *testing.T) {
	report(t, licences, tree())
}

// The tests above would pass if they looked at nothing. Each wrong house here
// has one fault, and it must be found; in the sound ones nothing may be found.
func TestTheChecksFindWhatIsWrong(t *testing.T) {
	const head = "// SPDX-License-Identifier: GPL-3.0-or-later\n\n"
	goFile := func(pkg string, rest ...string) string {
		return head + "package " + pkg + "\n" + strings.Join(rest, "\n") + "\n"
	}
	for _, x := range []struct {
		name, file, source string
		check              func(fs.FS) ([]string, error)
		found              string // "" where nothing is wrong
	}{
		{"a channel that knows content", "channels/web/a.go", goFile("web", `import "sarai/content"`), imports, "channels/web imports content"},
		{"a channel that uses another", "channels/web/a.go", goFile("web", `import "sarai/channels/telegram"`), imports, "channels/web imports channels/telegram"},
		{"channels with something of ours", "channels/a.go", goFile("channels", `import "sarai/desk"`), imports, "channels imports desk"},
		{"a dialog that stores", "dialog/a.go", goFile("dialog", `import s "sarai/store"`), imports, "dialog imports store"},
		{"a gateway that names its store", "gateway/a.go", goFile("gateway", `import _ "sarai/store/bolt"`), imports, "gateway imports store/bolt"},
		{"content that looks at the desk", "content/a.go", goFile("content", `import "sarai/desk"`), imports, "content imports desk"},
		{"an internal test is part of its package", "desk/a_test.go", goFile("desk", `import "sarai/content"`), imports, "desk imports content"},
		{"a package that imports a command", "cmd/other/a.go", goFile("main", `import "sarai/cmd/sarai"`), imports, "cmd/other imports cmd/sarai"},
		{"a stand-in that knows another", "standin/graph/a.go", goFile("graph", `import "sarai/standin/botapi"`), imports, "standin/graph imports standin/botapi"},
		{"a stand-in with a page", "standin/graph/a.go", goFile("graph", `import "sarai/standin/page"`), imports, ""},
		{"a page that knows a platform", "standin/page/a.go", goFile("page", `import "sarai/standin/graph"`), imports, "standin/page imports standin/graph"},
		{"a package that nobody agreed on", "util/a.go", goFile("util"), imports, "util is not in the diagram"},
		{"an external test may use anything", "desk/a_test.go", goFile("desk_test", `import "sarai/gateway"`), imports, ""},
		{"a command uses all", "cmd/sarai/a.go", goFile("main", `import ("sarai/gateway"; "sarai/store/bolt")`), imports, ""},
		{"a file that does not parse", "desk/a.go", head + "package", imports, "error"},

		{"a clock", "dialog/a.go", goFile("dialog", `import "time"`, `var x = time.Now()`), touches, "dialog uses time.Now"},
		{"a clock that is handed on", "search/a.go", goFile("search", `import "time"`, `var now = time.Now`), touches, "search uses time.Now"},
		{"a clock under another name", "desk/a.go", goFile("desk", `import t "time"`, `func f(a t.Time) t.Duration { return t.Since(a) }`), touches, "desk uses time.Since"},
		{"a clock without a name", "desk/a.go", goFile("desk", `import . "time"`, `var x = Now()`), touches, "desk imports time without a name"},
		{"waiting", "dialog/a.go", goFile("dialog", `import "time"`, `func f() { time.Sleep(1) }`), touches, "dialog uses time.Sleep"},
		{"chance", "search/a.go", goFile("search", `import "math/rand/v2"`, `var x = rand.IntN(2)`), touches, "search imports math/rand/v2"},
		{"a file", "search/a.go", goFile("search", `import "os"`), touches, "search imports os"},
		{"the network", "dialog/a.go", goFile("dialog", `import "net/http"`), touches, "dialog imports net/http"},
		{"a database", "desk/a.go", goFile("desk", `import "database/sql"`), touches, "desk imports database/sql"},
		{"somebody else's module", "dialog/a.go", goFile("dialog", `import "go.etcd.io/bbolt"`), touches, "dialog imports go.etcd.io/bbolt"},
		{"the terminal", "dialog/a.go", goFile("dialog", `import "fmt"`, `func f() { fmt.Println(1) }`), touches, "dialog uses fmt.Println"},
		{"a time that is an argument", "dialog/a.go", goFile("dialog", `import "time"`, `func f(t time.Time) bool { return t.After(time.Unix(0, 0)) }`), touches, ""},
		{"something else that is called time", "desk/a.go", goFile("desk", `type x struct{ Now int }`, `func f(time x) int { return time.Now }`), touches, ""},
		{"a test with a clock", "search/a_test.go", goFile("search", `import "time"`, `var x = time.Now()`), touches, ""},
		{"a clock in the shell", "gateway/a.go", goFile("gateway", `import "time"`, `var x = time.Now`), touches, ""},

		{"a source without a licence", "desk/a.go", "package desk\n", licences, "desk/a.go names no licence"},
		{"a style without a licence", "console/static/a.css", "body{}\n", licences, "console/static/a.css names no licence"},
		{"a recipe without a licence", "Makefile", "all:\n", licences, "Makefile names no licence"},
		{"a licence too far down", "a.sh", "\n\n\n\n\n# SPDX-License-Identifier: GPL-3.0-or-later\n", licences, "a.sh names no licence"},
		{"a facts file under the program's licence", "content/countries/pk.toml", "# SPDX-License-Identifier: GPL-3.0-or-later\n", licences, "content/countries/pk.toml is CC-BY-4.0"},
		{"code under the articles' licence", "desk/a.go", "// SPDX-License-Identifier: CC-BY-4.0\npackage desk\n", licences, "desk/a.go is GPL-3.0-or-later"},
		{"a file from elsewhere", "console/static/htmx.min.js", "var htmx\n", licences, ""},
		{"an article", "content/articles/x/en.md", "+++\n", licences, ""},
		{"what a run leaves behind", "data/x.js", "1\n", licences, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			found, err := x.check(fstest.MapFS{x.file: {Data: []byte(x.source)}})
			switch {
			case err != nil:
				if x.found != "error" {
					t.Fatal(err)
				}
			case x.found == "":
				if len(found) > 0 {
					t.Fatalf("nothing is wrong here, but this was found: %q", found)
				}
			case len(found) != 1 || !strings.Contains(found[0], x.found):
				t.Fatalf("found %q, want %q", found, x.found)
			}
		})
	}
}

// tree is the module: this package's folder is two below its root.
func tree() fs.FS { return os.DirFS("../..") }

func report(t *testing.T, check func(fs.FS) ([]string, error), fsys fs.FS) {
	t.Helper()
	if _, err := fs.Stat(fsys, "go.mod"); err != nil {
		t.Fatal("this is not the module's root: ", err)
	}
	found, err := check(fsys)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
}

// files gives the files below a tree that are ours to judge: not what git keeps,
// nor what building and running leave behind.
func files(fsys fs.FS, yes func(name string) bool) ([]string, error) {
	var names []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			hidden := strings.HasPrefix(d.Name(), ".") && name != "." && name != ".ci"
			if hidden || slices.Contains([]string{"bin", "data", "node_modules"}, name) {
				return fs.SkipDir
			}
			return nil
		}
		if yes(name) {
			names = append(names, name)
		}
		return nil
	})
	return names, err
}

func isGo(name string) bool { return path.Ext(name) == ".go" }

func parse(fsys fs.FS, name string) (*ast.File, *token.FileSet, error) {
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, nil, err
	}
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, name, src, 0)
	return f, set, err
}

func imported(s *ast.ImportSpec) string {
	p, err := strconv.Unquote(s.Path.Value)
	if err != nil { // unreachable: it was parsed
		return s.Path.Value
	}
	return p
}

// rule gives what a package may import.
func rule(pkg string) ([]string, bool) {
	if r, ok := may[pkg]; ok {
		return r, true
	}
	r, ok := may[path.Dir(pkg)+"/..."]
	return r, ok
}

// imports holds the diagram. External test packages are exempt: they look at a
// package as its users do, and may use whatever is real.
func imports(fsys fs.FS) ([]string, error) {
	names, err := files(fsys, isGo)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range names {
		f, set, err := parse(fsys, name)
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(f.Name.Name, "_test") {
			continue
		}
		pkg := path.Dir(name)
		allowed, ok := rule(pkg)
		if !ok {
			found = append(found, fmt.Sprintf("%s: %s is not in the diagram: see docs/architecture.md and this test", name, pkg))
			continue
		}
		for _, s := range f.Imports {
			p, ours := strings.CutPrefix(imported(s), module)
			if !ours || slices.Contains(allowed, p) {
				continue
			}
			if slices.Contains(allowed, "*") && !strings.HasPrefix(p, "cmd/") {
				continue
			}
			found = append(found, fmt.Sprintf("%s: %s imports %s, which the diagram does not allow", set.Position(s.Pos()), pkg, p))
		}
	}
	return found, nil
}

// touches finds where a package that decides reads a clock, draws a lot, or
// reaches out.
func touches(fsys fs.FS) ([]string, error) {
	names, err := files(fsys, func(name string) bool {
		return isGo(name) && !strings.HasSuffix(name, "_test.go") && slices.Contains(pure, path.Dir(name))
	})
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range names {
		f, set, err := parse(fsys, name)
		if err != nil {
			return nil, err
		}
		pkg := path.Dir(name)
		complain := func(at token.Pos, does, what string) {
			found = append(found, fmt.Sprintf("%s: %s %s %s: it decides, and takes what it needs as an argument", set.Position(at), pkg, does, what))
		}
		called := map[string]string{} // time and fmt, by the name that each has in this file
		for _, s := range f.Imports {
			p := imported(s)
			if reachesOut(p) {
				complain(s.Pos(), "imports", p)
			}
			switch {
			case barred[p] == nil:
			case s.Name == nil:
				called[p] = p
			case s.Name.Name == ".":
				complain(s.Pos(), "imports", p+" without a name")
			default:
				called[s.Name.Name] = p
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			// An identifier that stands for an import is declared nowhere in the
			// file; a variable that hides it is.
			x, ok := sel.X.(*ast.Ident)
			if ok && x.Obj == nil && slices.Contains(barred[called[x.Name]], sel.Sel.Name) {
				complain(sel.Pos(), "uses", called[x.Name]+"."+sel.Sel.Name)
			}
			return true
		})
	}
	return found, nil
}

func reachesOut(p string) bool {
	if slices.Contains(harmless, p) || strings.HasPrefix(p, module) {
		return false
	}
	first, _, _ := strings.Cut(p, "/")
	if strings.Contains(first, ".") { // a module of somebody else
		return !slices.ContainsFunc(theirs, func(m string) bool { return p == m || strings.HasPrefix(p, m) })
	}
	return slices.Contains(worldly, first) || slices.Contains(worldly, p)
}

// from elsewhere, each with its licence beside it and in NOTICE.
var vendored = []string{"console/static/htmx.min.js"}

// licences finds source files that do not say in their first five lines under
// which licence they stand. What is said to people is CC-BY-4.0, the program is
// GPL-3.0-or-later. Articles' Markdown begins with its own header and is covered
// by content/LICENSE.
func licences(fsys fs.FS) ([]string, error) {
	kinds := []string{".go", ".css", ".js", ".html", ".svg", ".toml", ".sh"}
	names, err := files(fsys, func(name string) bool {
		named := slices.Contains([]string{"Makefile", ".ci/run"}, name)
		return (named || slices.Contains(kinds, path.Ext(name))) && !slices.Contains(vendored, name)
	})
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range names {
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		want := []string{"GPL-3.0-or-later"}
		switch folder, _, _ := strings.Cut(name, "/"); {
		case path.Ext(name) != ".toml":
		case folder == "content":
			want = []string{"CC-BY-4.0"}
		default: // phrases, and texts that tests use: either
			want = append(want, "CC-BY-4.0")
		}
		head := strings.SplitN(string(b), "\n", 6)
		head = head[:min(5, len(head))]
		switch at := slices.IndexFunc(head, func(l string) bool { return strings.Contains(l, "SPDX-License-Identifier: ") }); {
		case at < 0:
			found = append(found, name+" names no licence: begin it with an SPDX-License-Identifier line")
		case !slices.ContainsFunc(want, func(w string) bool { return strings.Contains(head[at], "SPDX-License-Identifier: "+w) }):
			found = append(found, name+" is "+want[0]+" as all of its kind, and says otherwise")
		}
	}
	return found, nil
}
