// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"embed"
	"io/fs"
)

// The patterns say "all:" so that a folder which holds nothing but a hidden
// file can be built in too.
//
//go:embed all:articles all:signals all:centres all:countries all:partners topics.toml values.toml glossary.toml
var builtin embed.FS

// Builtin is the content that is part of the program. It is read-only and safe
// for concurrent use.
func Builtin() fs.FS { return builtin }
