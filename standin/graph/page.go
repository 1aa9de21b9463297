// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import "net/http"

func (s *Server) page() http.Handler { return http.NotFoundHandler() }
