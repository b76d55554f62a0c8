// Package laws holds no code, only tests: they keep the rules of this
// repository that a compiler doesn't know.
//
//   - Imports point down only, as docs/layers.txt lists them.
//   - The core stays small enough to hold in the head, and does without the
//     constructs that would make it allocate, wait or differ between machines.
//   - Every dependency has its line, with a reason, in docs/dependencies.md.
//   - The two commands at the top of the README are the ones that CI runs.
//
// Each rule is a function from what was read to a list of violations, and has
// a second test that hands it a violation: a rule that can't fail proves
// nothing.
package laws
