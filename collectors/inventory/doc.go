// Package inventory holds the words every other package speaks: scopes, runs, kinds, classes and resources with their
// facts. It must not know how facts are gathered, judged, stored or shown, and imports nothing of ours.
package inventory
