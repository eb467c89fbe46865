package network

// RuleType is a line of the rule editor's type list: a name for a protocol and its ports.
// What a type fixes, the editor fills in and greys.
type RuleType struct {
	Key          string // stable, such as "https" or "custom-tcp"
	Label        string // as AWS's console writes it, in every language but for "Custom" and "All"
	Protocol     string // empty where the user chooses it
	FromPort     int    // -1 for all; an ICMP type for ICMP
	ToPort       int
	AsksProtocol bool // the user chooses the protocol
	AsksPorts    bool // the user chooses the ports, or the ICMP type
}

// RuleTypes is the type list of the rule editor, in its order (EC2 User Guide, "Security
// group rules for different use cases").
func RuleTypes() []RuleType {
	types := []RuleType{
		{Key: "custom-tcp", Label: "Custom TCP", Protocol: TCP, ToPort: maxPort, AsksPorts: true},
		{Key: "custom-udp", Label: "Custom UDP", Protocol: UDP, ToPort: maxPort, AsksPorts: true},
		{Key: "custom-icmp", Label: "Custom ICMP - IPv4", Protocol: ICMP, FromPort: anyPort, ToPort: anyPort, AsksPorts: true},
		{Key: "custom-icmpv6", Label: "Custom ICMP - IPv6", Protocol: ICMPv6, FromPort: anyPort, ToPort: anyPort, AsksPorts: true},
		{Key: "custom-protocol", Label: "Custom Protocol", FromPort: anyPort, ToPort: anyPort, AsksProtocol: true},
		{Key: "all-tcp", Label: "All TCP", Protocol: TCP, ToPort: maxPort},
		{Key: "all-udp", Label: "All UDP", Protocol: UDP, ToPort: maxPort},
		{Key: "all-icmp", Label: "All ICMP - IPv4", Protocol: ICMP, FromPort: anyPort, ToPort: anyPort},
		{Key: "all-icmpv6", Label: "All ICMP - IPv6", Protocol: ICMPv6, FromPort: anyPort, ToPort: anyPort},
		{Key: "all-traffic", Label: "All traffic", Protocol: AllProto, FromPort: anyPort, ToPort: anyPort},
	}
	return append(types, namedTypes()...)
}

// namedTypes are the types that stand for one port of a known service.
func namedTypes() []RuleType {
	named := func(key, label, protocol string, port int) RuleType {
		return RuleType{Key: key, Label: label, Protocol: protocol, FromPort: port, ToPort: port}
	}
	return []RuleType{
		named("ssh", "SSH", TCP, 22), named("smtp", "SMTP", TCP, 25),
		named("dns-udp", "DNS (UDP)", UDP, 53), named("dns-tcp", "DNS (TCP)", TCP, 53),
		named("http", "HTTP", TCP, 80), named("pop3", "POP3", TCP, 110), named("imap", "IMAP", TCP, 143),
		named("ldap", "LDAP", TCP, 389), named("https", "HTTPS", TCP, 443), named("smb", "SMB", TCP, 445),
		named("smtps", "SMTPS", TCP, 465), named("imaps", "IMAPS", TCP, 993), named("pop3s", "POP3S", TCP, 995),
		named("mssql", "MSSQL", TCP, 1433), named("nfs", "NFS", TCP, 2049),
		named("mysql", "MYSQL/Aurora", TCP, 3306), named("rdp", "RDP", TCP, 3389),
		named("redshift", "Redshift", TCP, 5439), named("postgresql", "PostgreSQL", TCP, 5432),
		named("oracle-rds", "Oracle-RDS", TCP, 1521), named("winrm-http", "WinRM-HTTP", TCP, 5985),
		named("winrm-https", "WinRM-HTTPS", TCP, 5986), named("elastic-graphics", "Elastic Graphics", TCP, 2007),
	}
}

// Type is the type that the rule editor shows the rule as: the named one for exactly its
// protocol and ports, else the custom one of its protocol.
func (r Rule) Type() RuleType {
	var custom RuleType
	for _, t := range RuleTypes() {
		switch {
		case t.AsksProtocol && custom.Key == "": // comes after the custom types of known protocols
			custom = t
		case t.AsksPorts && t.Protocol == r.Protocol:
			custom = t
		case !t.AsksPorts && !t.AsksProtocol && t.Protocol == r.Protocol && t.FromPort == r.FromPort && t.ToPort == r.ToPort:
			return t
		}
	}
	return custom
}
