// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"sarai/channels"
	"sarai/store"
)

// A FileType is a kind of file that is kept. Whatever is none of these is
// refused: programs, pages and pictures that can hold scripts, archives.
type FileType struct {
	Type string // media type
	Ext  string // the ending of a name, with the dot
	// Shows is how a browser may show it in place, as a Picture, an Audio or a
	// Video; "" is for downloading only.
	Shows channels.Kind
}

// fileTypes are all that are kept. What browsers show of them is what Chromium
// and Firefox show; HEIC, AMR and 3GP they mostly do not.
var fileTypes = [...]FileType{
	{"image/jpeg", ".jpg", channels.Picture},
	{"image/png", ".png", channels.Picture},
	{"image/gif", ".gif", channels.Picture},
	{"image/webp", ".webp", channels.Picture},
	{"image/heic", ".heic", ""},
	{"audio/ogg", ".ogg", channels.Audio},
	{"audio/mpeg", ".mp3", channels.Audio},
	{"audio/mp4", ".m4a", channels.Audio},
	{"audio/aac", ".aac", channels.Audio},
	{"audio/wav", ".wav", channels.Audio},
	{"audio/webm", ".webm", channels.Audio},
	{"audio/amr", ".amr", ""},
	{"video/mp4", ".mp4", channels.Video},
	{"video/webm", ".webm", channels.Video},
	{"video/3gpp", ".3gp", ""},
	{"video/quicktime", ".mov", ""},
	{"application/pdf", ".pdf", ""},
	{"text/plain", ".txt", ""},
	{"application/msword", ".doc", ""},
	{"application/vnd.ms-excel", ".xls", ""},
	{"application/vnd.ms-powerpoint", ".ppt", ""},
	{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx", ""},
	{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx", ""},
	{"application/vnd.openxmlformats-officedocument.presentationml.presentation", ".pptx", ""},
	{"application/vnd.oasis.opendocument.text", ".odt", ""},
	{"application/vnd.oasis.opendocument.spreadsheet", ".ods", ""},
	{"application/vnd.oasis.opendocument.presentation", ".odp", ""},
}

// FileTypes gives all kinds of file that are kept.
func FileTypes() []FileType { return slices.Clone(fileTypes[:]) }

// FileTypeOf gives the kind of file of a media type that is kept.
func FileTypeOf(mediaType string) (FileType, bool) {
	for _, t := range fileTypes {
		if t.Type == mediaType {
			return t, true
		}
	}
	return FileType{}, false
}

// SavedName is how a file that was kept is called where it is saved: with the
// ending of what it is, whatever it was called.
func SavedName(f store.File) string {
	t, _ := FileTypeOf(f.Type)
	if f.Name == "" || !strings.HasSuffix(f.Name, t.Ext) {
		return "file" + t.Ext
	}
	return f.Name
}

// headSize is how much of a file is looked at for most kinds.
const headSize = 4 << 10

// typeOf finds the kind of a file in its content and nowhere else, "" if it is
// none that is kept. It reads what it must and no more than a megabyte at once.
func typeOf(c io.ReaderAt, size int64) string {
	head := make([]byte, min(size, headSize))
	if n, err := c.ReadAt(head, 0); n < len(head) && err != nil || len(head) == 0 {
		return ""
	}
	at := func(i int, s string) bool { return len(head) >= i+len(s) && string(head[i:i+len(s)]) == s }
	switch {
	case at(0, "\xff\xd8\xff"):
		return "image/jpeg"
	case at(0, "\x89PNG\r\n\x1a\n"):
		return "image/png"
	case at(0, "GIF87a"), at(0, "GIF89a"):
		return "image/gif"
	case at(0, "RIFF") && at(8, "WEBPVP8"):
		return "image/webp"
	case at(0, "RIFF") && at(8, "WAVE"):
		return "audio/wav"
	case at(0, "OggS"):
		// The first packet of the first page says the codec; RFC 3533, RFC 7845.
		if len(head) > 27 {
			first := 27 + int(head[26])
			for _, codec := range []string{"OpusHead", "\x01vorbis", "Speex   ", "\x7fFLAC"} {
				if at(first, codec) {
					return "audio/ogg"
				}
			}
		}
	case at(0, "\x1a\x45\xdf\xa3"):
		return webmType(head)
	case at(0, "#!AMR\n"), at(0, "#!AMR-WB\n"):
		return "audio/amr"
	case at(4, "ftyp"):
		return mp4Type(c, size, head)
	case at(0, "ID3"), mpegAudio(head):
		return "audio/mpeg"
	case len(head) > 7 && head[0] == 0xff && head[1]&0xf6 == 0xf0: // ADTS: sync word, layer 0
		return "audio/aac"
	case at(0, "%PDF-"):
		return "application/pdf"
	case at(0, "PK\x03\x04"):
		return zipType(c, size)
	case at(0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
		return compoundType(c, size)
	case plainText(c, size, head):
		return "text/plain"
	}
	return ""
}

// mpegAudio says whether a frame of layer II or III begins here, with a bitrate
// and a sampling rate that there are (ISO/IEC 11172-3).
func mpegAudio(b []byte) bool {
	if len(b) < 4 || b[0] != 0xff || b[1]&0xe0 != 0xe0 {
		return false
	}
	version, layer, bitrate, rate := b[1]>>3&3, b[1]>>1&3, b[2]>>4, b[2]>>2&3
	return version != 1 && (layer == 1 || layer == 2) && bitrate != 0 && bitrate != 15 && rate != 3
}

// webmType tells sound from pictures by the names of the codecs, which stand
// near the begin. Matroska of other kinds is not kept.
func webmType(head []byte) string {
	if !bytes.Contains(head[:min(len(head), 64)], []byte("\x42\x82\x84webm")) {
		return ""
	}
	for _, v := range []string{"V_VP8", "V_VP9", "V_AV1"} {
		if bytes.Contains(head, []byte(v)) {
			return "video/webm"
		}
	}
	if bytes.Contains(head, []byte("A_OPUS")) || bytes.Contains(head, []byte("A_VORBIS")) {
		return "audio/webm"
	}
	return ""
}

// mp4Type goes by the major brand (ISO/IEC 14496-12, and the list at mp4ra.org),
// and for the brands that carry both by whether there is a track of pictures.
func mp4Type(c io.ReaderAt, size int64, head []byte) string {
	if len(head) < 12 {
		return ""
	}
	switch brand := string(head[8:12]); {
	case brand == "heic", brand == "heix", brand == "heim", brand == "heis", brand == "mif1" && bytes.Contains(head[:min(len(head), 64)], []byte("heic")):
		return "image/heic"
	case brand == "M4A ", brand == "M4B ":
		return "audio/mp4"
	case strings.HasPrefix(brand, "3gp"), strings.HasPrefix(brand, "3g2"), strings.HasPrefix(brand, "3gr"), strings.HasPrefix(brand, "3gs"):
		return "video/3gpp"
	case brand == "qt  ":
		return "video/quicktime"
	case strings.HasPrefix(brand, "iso"), strings.HasPrefix(brand, "mp4"), strings.HasPrefix(brand, "avc"),
		brand == "dash", brand == "MSNV", brand == "mmp4", brand == "M4V ", brand == "M4VP", brand == "F4V ":
		steps := 0
		pictures, sound := tracks(c, 0, size, &steps)
		if sound && !pictures {
			return "audio/mp4"
		}
		return "video/mp4"
	}
	return ""
}

// tracks looks which kinds of track the boxes from one place to another hold.
func tracks(c io.ReaderAt, from, to int64, steps *int) (pictures, sound bool) {
	var h [20]byte
	for from+8 <= to && *steps < 1000 {
		*steps++
		n, _ := c.ReadAt(h[:], from)
		if n < 8 {
			return pictures, sound
		}
		body, length := from+8, int64(binary.BigEndian.Uint32(h[:]))
		switch {
		case length == 1 && n >= 16:
			body, length = from+16, int64(binary.BigEndian.Uint64(h[8:])&(1<<62-1))
		case length == 0:
			length = to - from
		}
		if length < body-from || length > to-from {
			return pictures, sound
		}
		switch string(h[4:8]) {
		case "moov", "trak", "mdia":
			p, s := tracks(c, body, from+length, steps)
			pictures, sound = pictures || p, sound || s
		case "hdlr":
			if n == 20 {
				pictures, sound = pictures || string(h[16:20]) == "vide", sound || string(h[16:20]) == "soun"
			}
		}
		from += length
	}
	return pictures, sound
}

// maxDirectory bounds the directory of an archive that is looked at, in bytes.
const maxDirectory = 1 << 20

// zipType tells office documents from all other archives. A document with
// macros, a package of programs, or an archive that is read in two ways is none.
func zipType(c io.ReaderAt, size int64) string {
	// The end record must be the very end, and the directory right before it:
	// then there is one way to read it, and it is not longer than it says.
	var end [22]byte
	if size < 22 {
		return ""
	}
	if n, _ := c.ReadAt(end[:], size-22); n < 22 || string(end[:4]) != "PK\x05\x06" || end[20] != 0 || end[21] != 0 {
		return ""
	}
	length, offset := int64(binary.LittleEndian.Uint32(end[12:])), int64(binary.LittleEndian.Uint32(end[16:]))
	if length > maxDirectory || offset+length != size-22 {
		return ""
	}
	z, err := zip.NewReader(c, size)
	if err != nil || len(z.File) == 0 {
		return ""
	}
	has := map[string]bool{}
	for _, f := range z.File {
		name := strings.ToLower(f.Name)
		if strings.HasSuffix(name, "vbaproject.bin") || strings.HasPrefix(name, "basic/") || strings.HasPrefix(name, "scripts/") ||
			name == "androidmanifest.xml" || strings.HasSuffix(name, ".dex") || strings.HasSuffix(name, ".class") {
			return ""
		}
		has[name] = true
	}
	if first := z.File[0]; first.Name == "mimetype" && first.UncompressedSize64 < 100 {
		r, err := first.Open()
		if err != nil {
			return ""
		}
		defer r.Close()
		b, err := io.ReadAll(io.LimitReader(r, 100))
		if t, ok := FileTypeOf(string(b)); err == nil && ok && strings.HasPrefix(t.Type, "application/vnd.oasis.") && has["content.xml"] {
			return t.Type
		}
		return ""
	}
	const ooxml = "application/vnd.openxmlformats-officedocument."
	switch {
	case !has["[content_types].xml"]:
	case has["word/document.xml"]:
		return ooxml + "wordprocessingml.document"
	case has["xl/workbook.xml"]:
		return ooxml + "spreadsheetml.sheet"
	case has["ppt/presentation.xml"]:
		return ooxml + "presentationml.presentation"
	}
	return ""
}

// compoundType tells the older office documents from all else that lies in such
// a file, installers for instance, by the names in its directory ([MS-CFB]).
// Documents with macros are none.
func compoundType(c io.ReaderAt, size int64) string {
	var h [512]byte
	if n, _ := c.ReadAt(h[:], 0); n < len(h) {
		return ""
	}
	shift := binary.LittleEndian.Uint16(h[30:])
	if shift != 9 && shift != 12 {
		return ""
	}
	sector := int64(1) << shift
	place := func(n uint32) int64 { return (int64(n) + 1) << shift }
	next := func(n uint32) uint32 { // by the table of sectors, of which the header names the first 109 parts
		per := uint32(sector / 4)
		if n/per >= 109 {
			return 1<<32 - 1
		}
		var b [4]byte
		if k, _ := c.ReadAt(b[:], place(binary.LittleEndian.Uint32(h[76+4*(n/per):]))+int64(n%per)*4); k < 4 {
			return 1<<32 - 1
		}
		return binary.LittleEndian.Uint32(b[:])
	}
	found := ""
	page := make([]byte, sector)
	at := binary.LittleEndian.Uint32(h[48:])
	for steps := 0; at < 0xfffffffa && steps < 1000; steps++ {
		if k, _ := c.ReadAt(page, place(at)); int64(k) < sector {
			return ""
		}
		for e := page; len(e) >= 128; e = e[128:] {
			length := int(binary.LittleEndian.Uint16(e[64:]))
			if e[66] == 0 || length < 2 || length > 64 {
				continue
			}
			name := make([]uint16, length/2-1)
			for i := range name {
				name[i] = binary.LittleEndian.Uint16(e[2*i:])
			}
			switch n := string(utf16.Decode(name)); n {
			case "WordDocument":
				found = "application/msword"
			case "Workbook", "Book":
				found = "application/vnd.ms-excel"
			case "PowerPoint Document":
				found = "application/vnd.ms-powerpoint"
			case "VBA", "Macros", "_VBA_PROJECT", "_VBA_PROJECT_CUR", "_VBA_PROJECT_CUR\x00":
				return ""
			}
		}
		at = next(at)
	}
	return found
}

// plainText says whether a file is words and nothing that a browser or a shell
// would carry out.
func plainText(c io.ReaderAt, size int64, head []byte) bool {
	if t := http.DetectContentType(head[:min(len(head), 512)]); t != "text/plain; charset=utf-8" {
		return false
	}
	begin := strings.TrimLeft(strings.TrimPrefix(string(head), "\ufeff"), " \t\r\n\f")
	if strings.HasPrefix(begin, "<") || strings.HasPrefix(begin, "#!") {
		return false
	}
	const piece = 64 << 10
	b := make([]byte, min(size, piece)+utf8.UTFMax)
	for at := int64(0); at < size; {
		n, err := c.ReadAt(b[:min(int64(len(b)), size-at)], at)
		if n == 0 {
			return err == io.EOF
		}
		part := b[:n]
		if at+int64(n) < size { // a character may go on in the next piece
			for range utf8.UTFMax {
				if r, _ := utf8.DecodeLastRune(part); r != utf8.RuneError {
					break
				}
				part = part[:len(part)-1]
			}
		}
		if len(part) == 0 || !utf8.Valid(part) || bytes.IndexByte(part, 0) >= 0 {
			return false
		}
		low := bytes.ToLower(part)
		for _, tag := range []string{"<script", "<svg", "<html", "<!doctype", "<iframe"} {
			if bytes.Contains(low, []byte(tag)) {
				return false
			}
		}
		at += int64(len(part))
	}
	return true
}
