// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud

import (
	"errors"
	"fmt"
	"time"

	"sarai/channels"
	"sarai/channels/meta"
)

// A verdict is what an error code of WhatsApp means.
type verdict struct {
	problem channels.SendProblem
	after   time.Duration // for Throttled
	cause   string        // for the operator
}

// Codes that need more than a verdict.
const (
	codePair   = 131056 // too many messages to one person in a short time
	codeUpload = 131053 // a file was not taken in
	codeUser   = 131062 // this kind of message cannot go to a user id
)

// verdicts are by code (developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes,
// read 2026-11; how the pauses are chosen is our own). Codes of the Graph API as
// a whole are judged by package meta.
var verdicts = map[int]verdict{
	4:      {channels.Throttled, time.Minute, "the app makes more calls than Meta allows"},
	80007:  {channels.Throttled, time.Minute, "the WhatsApp account makes more calls than Meta allows"},
	130429: {channels.Throttled, 10 * time.Second, "the number sends faster than Meta allows"},
	131048: {channels.Throttled, time.Hour, "Meta slows the number down because people blocked or reported it: look at its quality in WhatsApp Manager"},
	131056: {channels.Throttled, 4 * time.Second, "too many messages to one person in a short time"},
	131064: {channels.Throttled, time.Minute, "Meta asks for a pause"},
	133016: {channels.Throttled, time.Hour, "the number was registered too often: wait"},

	1:      {channels.Unavailable, 0, "Meta had an error of its own"},
	2:      {channels.Unavailable, 0, "Meta is down or busy"},
	131000: {channels.Unavailable, 0, "Meta had an error of its own"},
	131016: {channels.Unavailable, 0, "Meta is down or busy"},
	131057: {channels.Unavailable, 0, "the number is being maintained by Meta"},
	131053: {channels.Unavailable, 0, "Meta could not take the file in"},

	131047: {channels.Expired, 0, "more than 24 hours since the person last wrote: only a template is taken"},

	131026: {channels.Rejected, 0, "it cannot be delivered: no WhatsApp there, too old a version, or the person blocked the centre"},
	131049: {channels.Rejected, 0, "Meta holds this kind of message back from the person"},
	131050: {channels.Rejected, 0, "the person stopped this kind of message"},
	130472: {channels.Rejected, 0, "the person is in an experiment of Meta's and gets no such messages"},
	131021: {channels.Rejected, 0, "it was to go to the number itself"},
	131008: {channels.Rejected, 0, "Meta misses something in it"},
	131009: {channels.Rejected, 0, "Meta does not take something in it"},
	100:    {channels.Rejected, 0, "Meta does not take something in it"},
	131051: {channels.Rejected, 0, "Meta does not take this kind of message"},
	131052: {channels.Rejected, 0, "Meta cannot fetch the file"},
	131062: {channels.Rejected, 0, "this kind of message needs the person's number, which is hidden"},
	130497: {channels.Rejected, 0, "Meta does not let this number write to people in that country"},
	132000: {channels.Rejected, 0, "the template has another number of places"},
	132001: {channels.Rejected, 0, "there is no such template in this language, or it is not approved"},
	132005: {channels.Rejected, 0, "with what was filled in the template is too long"},
	132007: {channels.Rejected, 0, "the template breaks a rule of WhatsApp's"},
	132012: {channels.Rejected, 0, "what was filled into the template has a wrong form"},
	132015: {channels.Rejected, 0, "the template is paused because people did not like it"},
	132016: {channels.Rejected, 0, "the template was switched off for good"},

	190:    {channels.Misset, 0, "Meta does not accept the token: make a new one for the system user"},
	3:      {channels.Misset, 0, "the app lacks a permission: whatsapp_business_messaging and whatsapp_business_management"},
	10:     {channels.Misset, 0, "the app lacks a permission: whatsapp_business_messaging and whatsapp_business_management"},
	131005: {channels.Misset, 0, "the app lacks a permission: whatsapp_business_messaging and whatsapp_business_management"},
	131030: {channels.Misset, 0, "the number is for trying only: put the person's number on its list, or use a real one"},
	131031: {channels.Misset, 0, "Meta has locked the account: see the Business Support Home"},
	368:    {channels.Misset, 0, "Meta has blocked the account for a while: see the Business Support Home"},
	131042: {channels.Misset, 0, "there is a problem with payment: look at the payment settings in WhatsApp Manager"},
	131037: {channels.Misset, 0, "the number's display name is not approved: see WhatsApp Manager"},
	131045: {channels.Misset, 0, "the number is not registered"},
	133010: {channels.Misset, 0, "the number is not registered"},
	133015: {channels.Misset, 0, "the number was deleted a moment ago: wait"},
}

// problemOf is what an error code in a status means. A message that failed with a
// code that nobody knows will not be tried again by Meta.
func problemOf(code int) channels.SendProblem {
	if v, ok := verdicts[code]; ok {
		return v.problem
	}
	if code >= 200 && code <= 299 {
		return channels.Misset
	}
	return channels.Rejected
}

// judge makes of an error of the Graph API what is to be done about it.
func judge(err error) *channels.SendError {
	var e *meta.Error
	if !errors.As(err, &e) {
		return &channels.SendError{Problem: channels.Unavailable, Cause: "it could not be asked"}
	}
	v, ok := verdicts[e.Code]
	if !ok {
		return &e.SendError
	}
	if e.Code == 100 && e.Subcode == 33 {
		v = verdict{channels.Misset, 0, "Meta knows no such number or account, or the token may not use it: compare phone_number_id and account_id, and the system user's assets"}
	}
	s := &channels.SendError{Problem: v.problem, After: v.after, Cause: fmt.Sprintf("%s (Meta's error %d", v.cause, e.Code)}
	if v.problem == channels.Throttled && e.Problem == channels.Throttled && (e.Code == 4 || e.Code == 80007) {
		s.After = e.After // what Meta's headers say
	}
	if e.Trace != "" {
		s.Cause += ", fbtrace_id " + e.Trace
	}
	s.Cause += ")"
	return s
}
