// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A secret is a value of a section that can stand in the configuration, in a file
// of its own or in the environment.
type secret struct {
	key   string // "token"; the file is named by token_file, the variable is SARAI_SECTION_TOKEN
	value *string
	file  string
}

// fill fills in what comes from the environment or from files. The environment
// counts before a file, a file before the configuration. dir is where relative
// names of files count from. inFile: one stands in the configuration itself.
func fill(section, dir string, env func(string) string, secrets []secret) (inFile bool, err error) {
	for _, s := range secrets {
		inFile = inFile || *s.value != ""
	}
	for _, s := range secrets {
		if v := strings.TrimSpace(env("SARAI_" + strings.ToUpper(section+"_"+s.key))); v != "" {
			*s.value = v
			continue
		}
		if s.file == "" {
			continue
		}
		path := within(dir, s.file)
		b, err := os.ReadFile(path)
		if err != nil {
			return inFile, fmt.Errorf("[%s] %s_file cannot be read: %w", section, s.key, short(err))
		}
		if *s.value = strings.TrimSpace(string(b)); *s.value == "" {
			return inFile, fmt.Errorf("[%s] %s_file: %s is empty", section, s.key, path)
		}
	}
	return inFile, nil
}

// within is where a file lies that a configuration in dir names.
func within(dir, file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(dir, file)
}

// secretFiles are the files, beside those of the data folder, that nobody else
// may read. path is the configuration's.
func (c config) secretFiles(path string) []string {
	var files []string
	if c.Telegram.inFile || c.Messenger.inFile || c.WhatsAppCloud.inFile {
		files = append(files, path)
	}
	for _, s := range slices.Concat(c.Telegram.all(), c.Messenger.all(), c.WhatsAppCloud.all()) {
		if s.file != "" {
			files = append(files, within(filepath.Dir(path), s.file))
		}
	}
	return files
}
