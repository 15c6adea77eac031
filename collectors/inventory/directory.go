package inventory

// Roster is whom a directory lets take on one set of rights in one account. Its id tells the account and the set, so that
// what people take on there names it without knowing the directory.
type Roster struct {
	// People are the ids of those who are let in by themselves, Groups those of groups whose people are.
	People []string `json:"people" link:"lets_in"`
	Groups []string `json:"groups" link:"lets_in_group"`
}

// DirectoryGroup is a group of people in a directory that lets somebody into an account.
type DirectoryGroup struct {
	Members []string `json:"members" link:"members"`
	// Administers says that some set of rights which its people take on is unrestricted.
	Administers bool `json:"administers"`
}
