// Package web is the HTTP part of a handler: it reads the request and sends the answer. It does not know
// registries; its caller decides what a handler scrapes, and how.
//
// In the order in which a request meets them:
//
//   - [InFlight] bounds how many requests are served at once.
//   - [ParseParameters] reads the parameters that select collectors and families.
//   - [Offer] negotiates the format and the content coding.
//   - [Wire] sends bytes under write deadlines, and knows whether the client is still there.
//   - [Limits] and [Contexts] derive the context of the scrape, with its deadline.
//   - [Answer] holds or compresses the exposition. Its [Result] says what became of it, and [Result.Ending]
//     how the answer ends.
//   - [Report] counts and logs errors. [ErrorLog] and [ErrorText] call user functions about them.
//
// [StatusTable] makes the status page, and [Table] renders it.
package web
