// SPDX-License-Identifier: GPL-3.0-or-later

package gateway_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"sarai/gateway"
)

func typeOf(s string) string { return gateway.TypeOf(strings.NewReader(s), int64(len(s))) }

// archive makes one of files, each as "name" or "name=content".
func archive(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		name, content, _ := strings.Cut(f, "=")
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// compound makes a compound file with one sector of table and one of directory.
func compound(names ...string) string {
	b := make([]byte, 512*3)
	copy(b, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	b[30] = 9
	binary.LittleEndian.PutUint32(b[48:], 1) // the directory begins in sector 1
	binary.LittleEndian.PutUint32(b[76:], 0) // the table lies in sector 0
	for i := range 128 {
		binary.LittleEndian.PutUint32(b[512+4*i:], 0xfffffffe)
	}
	for i, name := range names {
		e := b[1024+128*i:]
		for k, u := range utf16.Encode([]rune(name)) {
			binary.LittleEndian.PutUint16(e[2*k:], u)
		}
		binary.LittleEndian.PutUint16(e[64:], uint16(2*len(name)+2))
		e[66] = 2
	}
	return string(b)
}

// box is one of MP4.
func box(kind, body string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))) + kind + body
}

func film(brand string, handlers ...string) string {
	var tracks string
	for _, h := range handlers {
		tracks += box("trak", box("tkhd", "....")+box("mdia", box("mdhd", "....")+box("hdlr", "\x00\x00\x00\x00\x00\x00\x00\x00"+h+"\x00\x00\x00\x00")))
	}
	return box("ftyp", brand+"\x00\x00\x00\x00mp42heic") + box("mdat", strings.Repeat("x", 9000)) + box("moov", box("mvhd", "....")+tracks)
}

func TestAFileIsWhatItsContentIs(t *testing.T) {
	webm, err := os.ReadFile("../internal/ogg/testdata/tone.webm")
	if err != nil {
		t.Fatal(err)
	}
	ogg := "OggS\x00\x02" + strings.Repeat("\x00", 20) + "\x01\x13"
	for name, c := range map[string]struct{ content, want string }{
		"jpeg":              {jpg, "image/jpeg"},
		"png":               {png, "image/png"},
		"gif":               {"GIF89a\x01\x00\x01\x00", "image/gif"},
		"webp":              {"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp"},
		"heic":              {film("heic"), "image/heic"},
		"heic of a phone":   {film("mif1"), "image/heic"},
		"opus":              {ogg + "OpusHead\x01\x01", "audio/ogg"},
		"vorbis":            {ogg + "\x01vorbis", "audio/ogg"},
		"mp3 with a tag":    {"ID3\x04\x00", "audio/mpeg"},
		"mp3":               {"\xff\xfb\x90\x64" + strings.Repeat("\x00", 99), "audio/mpeg"},
		"aac":               {"\xff\xf1\x50\x80\x02\x1f\xfc\x00", "audio/aac"},
		"m4a":               {film("M4A ", "soun"), "audio/mp4"},
		"a voice in mp4":    {film("isom", "soun"), "audio/mp4"},
		"a film":            {film("isom", "soun", "vide"), "video/mp4"},
		"a film in pieces":  {film("iso5"), "video/mp4"},
		"3gp":               {film("3gp4", "soun"), "video/3gpp"},
		"a film of iPhones": {film("qt  ", "vide"), "video/quicktime"},
		"amr":               {"#!AMR\n\x3c", "audio/amr"},
		"wide amr":          {"#!AMR-WB\n\x3c", "audio/amr"},
		"wav":               {"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav"},
		"a recording":       {string(webm), "audio/webm"},
		"a film in webm":    {strings.Replace(string(webm), "A_OPUS", "V_VP9\x00", 1), "video/webm"},
		"pdf":               {pdf, "application/pdf"},
		"text":              {"My passport number is with my agent.\n", "text/plain"},
		"text in Urdu":      {strings.Repeat("میرا پاسپورٹ ایجنٹ کے پاس ہے۔\n", 9000), "text/plain"},
		"docx":              {archive(t, "[Content_Types].xml", "word/document.xml"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		"xlsx":              {archive(t, "[Content_Types].xml", "xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
		"pptx":              {archive(t, "[Content_Types].xml", "ppt/presentation.xml"), "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
		"odt":               {archive(t, "mimetype=application/vnd.oasis.opendocument.text", "content.xml"), "application/vnd.oasis.opendocument.text"},
		"doc":               {compound("Root Entry", "WordDocument"), "application/msword"},
		"xls":               {compound("Root Entry", "Workbook"), "application/vnd.ms-excel"},

		"a page that is also a picture": {"GIF89a/*<html><script>alert(1)</script>*/=1;", "image/gif"}, // shown as a picture and as nothing else
		"an archive behind a picture":   {jpg + archive(t, "a.exe"), "image/jpeg"},

		"nothing":                  {"", ""},
		"a program":                {"MZ\x90\x00\x03", ""},
		"a program of Linux":       {"\x7fELF\x02\x01\x01\x00", ""},
		"an Android program":       {archive(t, "AndroidManifest.xml", "classes.dex", "[Content_Types].xml", "word/document.xml"), ""},
		"a Java program":           {archive(t, "META-INF/MANIFEST.MF", "a/B.class"), ""},
		"an archive":               {archive(t, "a.txt"), ""},
		"an empty archive":         {archive(t), ""},
		"docx with macros":         {archive(t, "[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), ""},
		"odt with macros":          {archive(t, "mimetype=application/vnd.oasis.opendocument.text", "content.xml", "Basic/script-lc.xml"), ""},
		"another kind in odt":      {archive(t, "mimetype=application/vnd.oasis.opendocument.base", "content.xml"), ""},
		"docx with something more": {archive(t, "[Content_Types].xml", "word/document.xml") + "MZ", ""},
		"docx behind a program":    {"MZ" + archive(t, "[Content_Types].xml", "word/document.xml"), ""},
		"an archive before a docx": {archive(t, "a.exe") + archive(t, "[Content_Types].xml", "word/document.xml"), ""},
		"doc with macros":          {compound("Root Entry", "WordDocument", "Macros"), ""},
		"an installer":             {compound("Root Entry", "Property"), ""},
		"a directory in a ring":    {strings.Replace(compound("Root Entry"), "\xfe\xff\xff\xff\xfe\xff\xff\xff", "\x01\x00\x00\x00\x01\x00\x00\x00", 1), ""},
		"a page":                   {"<!DOCTYPE html><script>alert(1)</script>", ""},
		"a page with a gap":        {" \n\t<html>", ""},
		"a page after words":       {"hello <ScRiPt>alert(1)</script>", ""},
		"a page after many words":  {strings.Repeat("hello ", 30_000) + "<svg onload=alert(1)>", ""},
		"a drawing":                {"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", ""},
		"a script":                 {"#!/bin/sh\nrm -rf ~\n", ""},
		"bytes after words":        {strings.Repeat("hello ", 30_000) + "\x00\x01", ""},
		"a mark and a page":        {"\ufeff<html>", ""},
		"half a character":         {"hello \xd9", ""},
		"rar":                      {"Rar!\x1a\x07\x00", ""},
		"gzip":                     {"\x1f\x8b\x08\x00", ""},
		"a film of Matroska":       {strings.Replace(string(webm), "\x42\x82\x84webm", "\x42\x82\x84mkv1", 1), ""},
		"a player's film":          {"FWS\x09\x00", ""},
		"a shortcut of Windows":    {"L\x00\x00\x00\x01\x14\x02\x00", ""},
		"a short mp4":              {"\x00\x00\x00\x08ftyp", ""},
		"a page that says webp":    {"RIFF\x24\x00\x00\x00<html>", ""},
	} {
		if got := typeOf(c.content); got != c.want {
			t.Errorf("%s is taken for %q, want %q", name, got, c.want)
		}
	}
}

// FuzzTypeOf: whatever comes, it ends, and says what is on the list or nothing.
func FuzzTypeOf(f *testing.F) {
	for _, s := range []string{jpg, pdf, film("isom", "soun", "vide"), compound("Root Entry", "WordDocument"), archive(f, "[Content_Types].xml", "word/document.xml"), "#!AMR\n", "hello"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got := gateway.TypeOf(bytes.NewReader(b), int64(len(b)))
		if _, ok := gateway.FileTypeOf(got); !ok && got != "" {
			t.Fatalf("%q is not on the list", got)
		}
	})
}
