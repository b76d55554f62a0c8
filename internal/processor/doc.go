// Package processor tells what a process has cost.
package processor
