package i18n

import "context"

// Region is the name of an AWS Region, such as Asia Pacific (Tokyo) for ap-northeast-1,
// or the empty string for a code that AWS does not use.
func Region(ctx context.Context, code string) string {
	id, ok := map[string]string{
		"af-south-1":     "region.af_south_1",
		"ap-east-1":      "region.ap_east_1",
		"ap-northeast-1": "region.ap_northeast_1",
		"ap-northeast-2": "region.ap_northeast_2",
		"ap-northeast-3": "region.ap_northeast_3",
		"ap-south-1":     "region.ap_south_1",
		"ap-southeast-1": "region.ap_southeast_1",
		"ap-southeast-2": "region.ap_southeast_2",
		"ca-central-1":   "region.ca_central_1",
		"eu-central-1":   "region.eu_central_1",
		"eu-north-1":     "region.eu_north_1",
		"eu-south-1":     "region.eu_south_1",
		"eu-west-1":      "region.eu_west_1",
		"eu-west-2":      "region.eu_west_2",
		"eu-west-3":      "region.eu_west_3",
		"sa-east-1":      "region.sa_east_1",
		"us-east-1":      "region.us_east_1",
		"us-east-2":      "region.us_east_2",
		"us-west-1":      "region.us_west_1",
		"us-west-2":      "region.us_west_2",
	}[code]
	if !ok {
		return ""
	}
	return T(ctx, id)
}
