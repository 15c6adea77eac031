package inventory

import "time"

// ManagedNode is what the provider's agent inside a machine reports.
type ManagedNode struct {
	// Machine is the id of the machine the agent runs in.
	Machine string `json:"machine" link:"manages"`
	// Online says that the agent reports now.
	Online bool `json:"online"`
	// CentralSessions says that people may log in by the agent and their directory identity, whatever the machine says.
	CentralSessions bool `json:"central_sessions"`
	// Engines are the databases that are installed, as far as the provider keeps an inventory of the machine.
	Engines []string `json:"engines" stage:"derived"`
	// MissingPatches counts critical and security updates that are not installed, PendingRestart those that are and wait
	// for a restart.
	MissingPatches int64 `json:"missing_patches"`
	PendingRestart int64 `json:"pending_restart"`
	// ScannedAt is the week in which updates were last looked for, SeenAt the week in which the node was asked about:
	// moments kept as coarsely, so that the record does not change from day to day.
	ScannedAt time.Time `json:"scanned_at"`
	SeenAt    time.Time `json:"seen_at"`
}

// SourceImage is an image that machines were started from, whoever owns it.
type SourceImage struct {
	// Image is the provider's id of the image, as machines name it.
	Image string `json:"image" link:"describes"`
	// Title is what its owner calls it.
	Title string `json:"title" stage:"derived"`
	// Owner is the account, project or publisher it is from; Provider says that this is the provider itself, Public that
	// anyone can start it.
	Owner    string `json:"owner"`
	Provider bool   `json:"provider"`
	Public   bool   `json:"public"`
	// MadeAt is when it was made; WithdrawnAt is from when on its owner offers something newer, zero for never.
	MadeAt      time.Time `json:"made_at"`
	WithdrawnAt time.Time `json:"withdrawn_at"`
	// SeenAt is the week in which it was asked about.
	SeenAt time.Time `json:"seen_at"`
}

// Week is the beginning of the week of a moment, in UTC: what changes with time alone is kept no finer.
func Week(t time.Time) time.Time { return t.UTC().Truncate(7 * 24 * time.Hour) }
