package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/ident"
	"elbow/engine/network"
	"elbow/store"
)

// thousand puts n stopped instances into the console's account.
func thousand(t testing.TB, n int) func(*store.DB) {
	return func(db *store.DB) {
		subnet := network.Subnet{ID: ident.New("subnet"), VPCID: ident.New("vpc"), AvailabilityZone: "ap-northeast-1a", CIDR: netip.MustParsePrefix("172.31.0.0/20"), DefaultForAZ: true}
		group := network.SecurityGroup{ID: ident.New("sg"), VPCID: subnet.VPCID, Name: "default", Description: "default", CreatedAt: time.Now()}
		err := db.Update(t.Context(), ours, func(tx engine.Tx) error {
			err := cmpErr(tx.PutVPC(network.VPC{ID: subnet.VPCID, CIDR: netip.MustParsePrefix("172.31.0.0/16"), IsDefault: true}), tx.PutSubnet(subnet), tx.PutSecurityGroup(group))
			for i := 0; i < n && err == nil; i++ {
				in := compute.Instance{
					ID: fmt.Sprintf("i-%017x", i), ReservationID: ident.New("r"), ImageID: ident.New("ami"), Type: "t2.micro", Goal: compute.Stop, Boots: 1,
					ShutdownBehavior: engine.ShutdownStop, LaunchTime: time.Now(), RootVolumeID: ident.New("vol"), Tags: map[string]string{"Name": fmt.Sprintf("web-%04d", i)},
				}
				in.Interface = network.Interface{
					ID: ident.New("eni"), VPCID: subnet.VPCID, SubnetID: subnet.ID, AvailabilityZone: subnet.AvailabilityZone,
					PrivateIP: netip.AddrFrom4([4]byte{172, 31, byte(i / 250), byte(4 + i%250)}), Groups: []string{group.ID}, InstanceID: in.ID,
				}
				err = tx.PutInstance(in)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// namesOn are the names in the rows of the page's table.
func namesOn(page answer) []string {
	var all []string
	for n := range elements(page.doc) {
		if n.Data == "tr" && strings.HasPrefix(attr(n, "data-id"), "i-") {
			all = append(all, regexp.MustCompile(`web-\d+`).FindString(textOf(n)))
		}
	}
	return all
}

func TestAListOfAThousandIsFilteredSortedAndPagedByItsAddress(t *testing.T) {
	c := newCloud(t, thousand(t, 1000))
	whole := c.get("/ec2/instances")
	rows := len(namesOn(whole))
	if rows == 0 || rows > 100 {
		t.Fatalf("%d rows on one page", rows)
	}
	if len(whole.body) > 400<<10 { // a page, however long the list
		t.Errorf("the page has %d KiB", len(whole.body)>>10)
	}
	for query, want := range map[string]string{
		"?q=web-0123":                            "web-0123",
		"?sort=name&desc=1":                      "web-0999",
		"?sort=name&page=2":                      fmt.Sprintf("web-%04d", rows),
		"?sort=name&desc=1&page=2":               fmt.Sprintf("web-%04d", 999-rows),
		"?sort=name&page=99999999999999999999":   "web-0000",
		"?sort=nothing&desc=maybe&q=web-0500":    "web-0500",
		"?q=" + url.QueryEscape(payload):         "",
		"?sort=" + strings.Repeat("s", 5000):     "any",
		"?sel=i-00000000000000007&q=web-0007":    "web-0007",
		"?q=web-0001+stopped&sort=state&lang=ja": "web-0001",
	} {
		page := c.get("/ec2/instances" + query)
		names := append(namesOn(page), "")
		if page.code != http.StatusOK || want != "any" && names[0] != want {
			t.Errorf("%.60s: %d, begins with %q, want %q", query, page.code, names[0], want)
		}
		c.harmless(query[:min(60, len(query))], page)
	}
	if last := namesOn(c.get("/ec2/instances?sort=name&page=" + strconv.Itoa((1000+rows-1)/rows))); !slices.Contains(last, "web-0999") {
		t.Errorf("the last page shows %q", last)
	}
}

func BenchmarkTheListOfAThousandInstances(b *testing.B) {
	c := newCloud(b, thousand(b, 1000))
	for b.Loop() {
		if w := ask(c.Server, "GET", "/ec2/instances?sort=name", ""); w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}
