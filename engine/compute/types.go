package compute

// Architecture is the processor that an instance type has.
type Architecture string

// The architectures of instance types.
const (
	X8664 Architecture = "x86_64"
	ARM64 Architecture = "arm64"
)

// InstanceType is one row of AWS's instance types. The numbers are shown, not enforced:
// an instance is a directory and a few services.
type InstanceType struct {
	Name              string
	VCPU              int
	MemoryGiB         float64
	Network           string // AWS's words, such as "Low to Moderate"
	FreeTier          bool
	CurrentGeneration bool
	Architecture      Architecture
}

// DefaultType is the instance type that launch forms begin with.
const DefaultType = "t2.micro"

// InstanceTypes lists the types on offer, smallest of a family first. Source: EC2 API,
// DescribeInstanceTypes; t2.micro is the free tier's classic type.
func InstanceTypes() []InstanceType {
	const low, five, ten = "Low to Moderate", "Up to 5 Gigabit", "Up to 10 Gigabit"
	return []InstanceType{
		{"t1.micro", 1, 0.612, "Very Low", false, false, X8664},
		{"t2.nano", 1, 0.5, low, false, true, X8664},
		{"t2.micro", 1, 1, low, true, true, X8664},
		{"t2.small", 1, 2, low, false, true, X8664},
		{"t2.medium", 2, 4, low, false, true, X8664},
		{"t2.large", 2, 8, low, false, true, X8664},
		{"t2.xlarge", 4, 16, "Moderate", false, true, X8664},
		{"t3.nano", 2, 0.5, five, false, true, X8664},
		{"t3.micro", 2, 1, five, true, true, X8664},
		{"t3.small", 2, 2, five, true, true, X8664},
		{"t3.medium", 2, 4, five, false, true, X8664},
		{"t3.large", 2, 8, five, false, true, X8664},
		{"t3.xlarge", 4, 16, five, false, true, X8664},
		{"t3a.micro", 2, 1, five, false, true, X8664},
		{"m5.large", 2, 8, ten, false, true, X8664},
		{"m5.xlarge", 4, 16, ten, false, true, X8664},
		{"c5.large", 2, 4, ten, false, true, X8664},
		{"r5.large", 2, 16, ten, false, true, X8664},
	}
}

// LookupType finds an instance type by its name.
func LookupType(name string) (InstanceType, bool) {
	for _, t := range InstanceTypes() {
		if t.Name == name {
			return t, true
		}
	}
	return InstanceType{}, false
}
