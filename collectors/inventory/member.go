package inventory

// Member is a scope that lies in another, such as an account in its organisation, as the provider lists it.
type Member struct {
	Scope ScopeID
	// Name is what the provider calls it.
	Name string
	// Role is what is assumed to read it, as connections name it; empty where the credentials reach it as they are.
	Role string
	// Directory is where one signs in to read it; empty where the connection of what it lies in says so already.
	Directory string
	// Closed is why nobody can read it any more, such as "suspended"; empty for one that stands open.
	Closed string
}

// Organization says whether other scopes lie in the scope: it is an organisation, a directory, or the like.
func (s ScopeID) Organization() bool {
	return string(s) != string(s.Cloud())+":"+s.Account()
}
