package store_test

import (
	"fmt"
	"testing"

	"elbow/engine"
)

func line(n int) engine.Activity {
	return engine.Activity{
		ID: fmt.Sprintf("act-%d", n), At: moment(30 - n), Actor: "console", Source: "127.0.0.1", Operation: "RunInstances",
		Resource: fmt.Sprintf("i-%d,web_%d", n, n), Result: "Success", Message: "none", Detail: fmt.Sprintf(`100%% \ of "%d"`, n),
	}
}

func TestActivitiesAreSelectedNewestFirst(t *testing.T) {
	db := fresh(t)
	update(t, db, mine(), func(tx engine.Tx) error {
		for n := range 12 {
			a := line(n)
			if n == 3 {
				a.Operation, a.Result = "StopInstances", "IncorrectInstanceState"
			}
			if err := tx.AddActivity(a); err != nil {
				return err
			}
		}
		return nil
	})
	for _, c := range []struct {
		name   string
		filter engine.ActivityFilter
		want   []int
		total  int
	}{
		{"everything, whatever the clock said", engine.ActivityFilter{Limit: 3}, []int{11, 10, 9}, 12},
		{"a page further on", engine.ActivityFilter{Limit: 3, Offset: 10}, []int{1, 0}, 12},
		{"a page past the end", engine.ActivityFilter{Limit: 3, Offset: 50}, nil, 12},
		{"a negative page is the first", engine.ActivityFilter{Limit: -1, Offset: -5, Resource: "i-2"}, []int{2}, 1},
		{"a resource, and not one that begins alike", engine.ActivityFilter{Resource: "i-1"}, []int{1}, 1},
		{"the second of several resources", engine.ActivityFilter{Resource: "web_4"}, []int{4}, 1},
		{"an operation", engine.ActivityFilter{Operation: "StopInstances"}, []int{3}, 1},
		{"both, which none has", engine.ActivityFilter{Operation: "StopInstances", Resource: "i-1"}, nil, 0},
		{"text in any case", engine.ActivityFilter{Text: "incorrectINSTANCE"}, []int{3}, 1},
		{"text with what LIKE finds special", engine.ActivityFilter{Text: `100% \ of "7`}, []int{7}, 1},
		{"an underscore is itself", engine.ActivityFilter{Text: "i_1"}, nil, 0},
		{"text across two columns", engine.ActivityFilter{Text: "console127"}, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			view(t, db, mine(), func(tx engine.Tx) error {
				list, total, err := tx.Activities(c.filter)
				var got []int
				for _, a := range list {
					var n int
					fmt.Sscanf(a.ID, "act-%d", &n)
					got = append(got, n)
				}
				same(t, "activities", c.want)(got, err)
				same(t, "total", c.total)(total, err)
				return nil
			})
		})
	}
	view(t, db, mine(), func(tx engine.Tx) error {
		list, _, err := tx.Activities(engine.ActivityFilter{Resource: "i-5"})
		same(t, "every field", []engine.Activity{line(5)})(list, err)
		return nil
	})
}

func TestAPageOfActivitiesIsAHundred(t *testing.T) {
	db := fresh(t)
	update(t, db, mine(), func(tx engine.Tx) error {
		for n := range 130 {
			if err := tx.AddActivity(engine.Activity{ID: fmt.Sprint(n)}); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, db, mine(), func(tx engine.Tx) error {
		list, total, err := tx.Activities(engine.ActivityFilter{})
		same(t, "page", 100)(len(list), err)
		same(t, "total", 130)(total, err)
		return nil
	})
}

func TestARetiredNameIsRememberedUntilItIsUsedAgain(t *testing.T) {
	db := fresh(t)
	first := engine.RetiredName{Name: "ec2-1.localhost", Resource: "i-1", Why: "stopped", At: moment(1)}
	last := engine.RetiredName{Name: "ec2-1.localhost", Resource: "i-2", Why: "terminated", At: moment(2)}
	retire := func(n engine.RetiredName) func(engine.Tx) error {
		return func(tx engine.Tx) error { n.Name = "EC2-1.localhost"; return tx.RetireName(n) }
	}
	remembered := func(want ...[]engine.RetiredName) {
		t.Helper()
		w, err := db.World(t.Context())
		var got [][]engine.RetiredName
		for _, s := range w.Scopes {
			got = append(got, s.Retired)
		}
		same(t, "retired", want)(got, err)
	}
	update(t, db, mine(), retire(first))
	remembered([]engine.RetiredName{first})
	update(t, db, theirs(), retire(last)) // the address went to another account meanwhile
	remembered(nil, []engine.RetiredName{last})
	update(t, db, mine(), func(tx engine.Tx) error { return tx.ReviveName("ec2-1.LOCALHOST") })
	remembered(nil, nil)
}

func TestASettingIsReplaced(t *testing.T) {
	db := fresh(t)
	for _, value := range []string{"1", "", "8.5"} {
		update(t, db, mine(), func(tx engine.Tx) error { return tx.PutSetting("speed", value) })
		view(t, db, mine(), func(tx engine.Tx) error {
			found(t, "speed", value)(tx.Setting("speed"))
			return nil
		})
	}
}
