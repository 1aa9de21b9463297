// SPDX-License-Identifier: GPL-3.0-or-later

package botapi

import "net/http"

// page serves what one sees of the stand-in in a browser.
func (s *Server) page() http.Handler { return http.NotFoundHandler() }
