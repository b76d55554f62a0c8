package sim

// An occasion is one at which oracles look on. Each is counted once, and a rule is
// evaluated at one or several of them: counting every rule by itself would take
// longer than some of them do.
type occasion uint8

const (
	atStep     occasion = iota
	atProposal          // that a leader takes
	atLeaderStep
	atReply // that tells a leader how far a follower's log goes
	atLeaderCommit
	atCommit
	atHardState
	atTruncation
	atEntry
	atCompaction
	atInstall
	atRepair
	atVouch
	atPersist
	atSend
	atVote
	atAcknowledgement
	atElection
	atChange
	atApply
	atImage
	atRestart
	atExecution
	atAnswer
	atFate
	atRead
	atLease
	atRequest
	atLife
	atLeaderAwaited
	atMembershipAwaited
	atAnswersAwaited
	atConvergenceAwaited
	atSteadiness
	atSearch
	atScan
	atReplay
	atRefinement
	occasions
)

// looks counts occasions.
type looks [occasions]uint64

// rules says at which occasions each rule is evaluated.
var rules = map[string][]occasion{
	"addressing":               {atSend},
	"assertion":                {atStep, atLife},
	"busy-loop":                {atStep},
	"commit-monotonic":         {atStep},
	"commit-safety":            {atTruncation, atCompaction, atInstall, atLeaderCommit, atCommit},
	"configuration-safety":     {atChange},
	"diverged":                 {atStep},
	"durability":               {atAnswer, atApply, atConvergenceAwaited},
	"durable-commit":           {atPersist},
	"durable-quorum":           {atLeaderCommit},
	"effect":                   {atExecution},
	"election-safety":          {atElection},
	"exactly-once":             {atExecution, atAnswer},
	"fate":                     {atFate},
	"flow-control":             {atProposal, atSend},
	"leader-append-only":       {atLeaderStep, atTruncation},
	"leader-completeness":      {atElection},
	"lease":                    {atLease},
	"linearizability":          {atSearch},
	"liveness-convergence":     {atConvergenceAwaited},
	"liveness-leader":          {atLeaderAwaited},
	"liveness-membership":      {atMembershipAwaited},
	"liveness-pending":         {atAnswersAwaited},
	"lost-body":                {atVouch},
	"log-matching":             {atEntry},
	"match-index":              {atReply, atAcknowledgement, atTruncation},
	"message-storm":            {atSend},
	"one-vote":                 {atStep, atHardState, atVote},
	"own-term-commit":          {atLeaderCommit},
	"persist-before-send":      {atSend, atVote, atAcknowledgement},
	"read-safety":              {atRead},
	"real-time":                {atAnswer, atRead},
	"refinement":               {atRefinement},
	"refusal":                  {atRequest},
	"repair":                   {atRepair},
	"restart":                  {atRestart},
	"scan-committed-quorum":    {atScan},
	"scan-configuration":       {atScan},
	"scan-leader-completeness": {atScan},
	"scan-log-matching":        {atScan},
	"scan-node":                {atScan},
	"scan-room":                {atScan},
	"scan-snapshot":            {atScan, atReplay},
	"scan-state-machine":       {atReplay},
	"scan-terms":               {atScan},
	"session":                  {atAnswer},
	"stability":                {atSteadiness},
	"state-machine-safety":     {atApply, atImage},
	"store":                    {atRestart},
	"term-monotonic":           {atStep, atHardState},
	"truncate-on-conflict":     {atTruncation},
	"value":                    {atRead},
	"vote-quorum":              {atElection},
}

// Checks is how often each rule was evaluated.
func (s *Summary) Checks() map[string]uint64 {
	checks := make(map[string]uint64, len(rules))
	for rule, at := range rules {
		for _, o := range at {
			checks[rule] += s.looks[o]
		}
	}
	checks["nondeterminism"] = s.Reruns
	return checks
}
