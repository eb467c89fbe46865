package store

// Setting implements engine.Tx. An empty value is a value.
func (t *tx) Setting(key string) (value string, ok bool, err error) {
	values, err := collect(t, scanText, `SELECT value FROM settings WHERE account_id = ?1 AND region = ?2 AND key = ?3`, key)
	if err != nil || len(values) == 0 {
		return "", false, err
	}
	return values[0], true, nil
}

// PutSetting implements engine.Tx.
func (t *tx) PutSetting(key, value string) error {
	return t.exec(`
		INSERT INTO settings (account_id, region, key, value) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (account_id, region, key) DO UPDATE SET value = excluded.value`, key, value)
}

func scanText(r row) (s string, err error) {
	err = r.Scan(&s)
	return s, err
}
