// Drives the server through the typed clients of alibaba-cloud-sdk-go: one JSON request per line in, one JSON answer out.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"reflect"
	"strconv"

	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/cbn"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/smartag"
)

type question struct {
	Product string         `json:"product"`
	Action  string         `json:"action"`
	Fields  map[string]any `json:"fields"`
}

type answer struct {
	Body   any    `json:"body,omitempty"`
	Typed  bool   `json:"typed"`
	Code   string `json:"code,omitempty"`
	Status int    `json:"status,omitempty"`
	Text   string `json:"text,omitempty"`
}

// Makers of requests, which reflection cannot find by name.
var makers = map[string]func() requests.AcsRequest{
	"DescribeRegions":                           func() requests.AcsRequest { return smartag.CreateDescribeRegionsRequest() },
	"CreateCloudConnectNetwork":                 func() requests.AcsRequest { return smartag.CreateCreateCloudConnectNetworkRequest() },
	"ModifyCloudConnectNetwork":                 func() requests.AcsRequest { return smartag.CreateModifyCloudConnectNetworkRequest() },
	"DeleteCloudConnectNetwork":                 func() requests.AcsRequest { return smartag.CreateDeleteCloudConnectNetworkRequest() },
	"DescribeCloudConnectNetworks":              func() requests.AcsRequest { return smartag.CreateDescribeCloudConnectNetworksRequest() },
	"CreateSmartAccessGatewaySoftware":          func() requests.AcsRequest { return smartag.CreateCreateSmartAccessGatewaySoftwareRequest() },
	"DescribeSmartAccessGateways":               func() requests.AcsRequest { return smartag.CreateDescribeSmartAccessGatewaysRequest() },
	"DeleteSmartAccessGateway":                  func() requests.AcsRequest { return smartag.CreateDeleteSmartAccessGatewayRequest() },
	"CreateSmartAccessGatewayClientUser":        func() requests.AcsRequest { return smartag.CreateCreateSmartAccessGatewayClientUserRequest() },
	"ModifySmartAccessGatewayClientUser":        func() requests.AcsRequest { return smartag.CreateModifySmartAccessGatewayClientUserRequest() },
	"DeleteSmartAccessGatewayClientUser":        func() requests.AcsRequest { return smartag.CreateDeleteSmartAccessGatewayClientUserRequest() },
	"DescribeSmartAccessGatewayClientUsers":     func() requests.AcsRequest { return smartag.CreateDescribeSmartAccessGatewayClientUsersRequest() },
	"CreateACL":                                 func() requests.AcsRequest { return smartag.CreateCreateACLRequest() },
	"ModifyACL":                                 func() requests.AcsRequest { return smartag.CreateModifyACLRequest() },
	"DeleteACL":                                 func() requests.AcsRequest { return smartag.CreateDeleteACLRequest() },
	"DescribeACLs":                              func() requests.AcsRequest { return smartag.CreateDescribeACLsRequest() },
	"AddACLRule":                                func() requests.AcsRequest { return smartag.CreateAddACLRuleRequest() },
	"DeleteACLRule":                             func() requests.AcsRequest { return smartag.CreateDeleteACLRuleRequest() },
	"DescribeACLAttribute":                      func() requests.AcsRequest { return smartag.CreateDescribeACLAttributeRequest() },
	"CreateQos":                                 func() requests.AcsRequest { return smartag.CreateCreateQosRequest() },
	"ModifyQos":                                 func() requests.AcsRequest { return smartag.CreateModifyQosRequest() },
	"DeleteQos":                                 func() requests.AcsRequest { return smartag.CreateDeleteQosRequest() },
	"DescribeQoses":                             func() requests.AcsRequest { return smartag.CreateDescribeQosesRequest() },
	"GetQosAttribute":                           func() requests.AcsRequest { return smartag.CreateGetQosAttributeRequest() },
	"AssociateQos":                              func() requests.AcsRequest { return smartag.CreateAssociateQosRequest() },
	"DisassociateQos":                           func() requests.AcsRequest { return smartag.CreateDisassociateQosRequest() },
	"CreateQosCar":                              func() requests.AcsRequest { return smartag.CreateCreateQosCarRequest() },
	"ModifyQosCar":                              func() requests.AcsRequest { return smartag.CreateModifyQosCarRequest() },
	"DeleteQosCar":                              func() requests.AcsRequest { return smartag.CreateDeleteQosCarRequest() },
	"DescribeQosCars":                           func() requests.AcsRequest { return smartag.CreateDescribeQosCarsRequest() },
	"CreateQosPolicy":                           func() requests.AcsRequest { return smartag.CreateCreateQosPolicyRequest() },
	"ModifyQosPolicy":                           func() requests.AcsRequest { return smartag.CreateModifyQosPolicyRequest() },
	"DeleteQosPolicy":                           func() requests.AcsRequest { return smartag.CreateDeleteQosPolicyRequest() },
	"DescribeQosPolicies":                       func() requests.AcsRequest { return smartag.CreateDescribeQosPoliciesRequest() },
	"CreateFlowLog":                             func() requests.AcsRequest { return smartag.CreateCreateFlowLogRequest() },
	"ModifyFlowLogAttribute":                    func() requests.AcsRequest { return smartag.CreateModifyFlowLogAttributeRequest() },
	"DeleteFlowLog":                             func() requests.AcsRequest { return smartag.CreateDeleteFlowLogRequest() },
	"ActiveFlowLog":                             func() requests.AcsRequest { return smartag.CreateActiveFlowLogRequest() },
	"DeactiveFlowLog":                           func() requests.AcsRequest { return smartag.CreateDeactiveFlowLogRequest() },
	"AssociateFlowLog":                          func() requests.AcsRequest { return smartag.CreateAssociateFlowLogRequest() },
	"DisassociateFlowLog":                       func() requests.AcsRequest { return smartag.CreateDisassociateFlowLogRequest() },
	"DescribeFlowLogs":                          func() requests.AcsRequest { return smartag.CreateDescribeFlowLogsRequest() },
	"DescribeFlowLogSags":                       func() requests.AcsRequest { return smartag.CreateDescribeFlowLogSagsRequest() },
	"DescribeUnbindFlowLogSags":                 func() requests.AcsRequest { return smartag.CreateDescribeUnbindFlowLogSagsRequest() },
	"CreateCen":                                 func() requests.AcsRequest { return cbn.CreateCreateCenRequest() },
	"DeleteCen":                                 func() requests.AcsRequest { return cbn.CreateDeleteCenRequest() },
	"DescribeCens":                              func() requests.AcsRequest { return cbn.CreateDescribeCensRequest() },
	"TagResources":                              func() requests.AcsRequest { return cbn.CreateTagResourcesRequest() },
	"UntagResources":                            func() requests.AcsRequest { return cbn.CreateUntagResourcesRequest() },
	"ListTagResources":                          func() requests.AcsRequest { return cbn.CreateListTagResourcesRequest() },
	"AttachCenChildInstance":                    func() requests.AcsRequest { return cbn.CreateAttachCenChildInstanceRequest() },
	"DetachCenChildInstance":                    func() requests.AcsRequest { return cbn.CreateDetachCenChildInstanceRequest() },
	"DescribeCenAttachedChildInstanceAttribute": func() requests.AcsRequest { return cbn.CreateDescribeCenAttachedChildInstanceAttributeRequest() },
	"DescribeCenGeographicSpans":                func() requests.AcsRequest { return cbn.CreateDescribeCenGeographicSpansRequest() },
	"DescribeChildInstanceRegions":              func() requests.AcsRequest { return cbn.CreateDescribeChildInstanceRegionsRequest() },
}

func main() {
	endpoint, key, secret := os.Args[1], os.Args[2], os.Args[3]
	smart, err := smartag.NewClientWithAccessKey("cn-shanghai", key, secret)
	if err != nil {
		log.Fatal(err)
	}
	cen, err := cbn.NewClientWithAccessKey("cn-shanghai", key, secret)
	if err != nil {
		log.Fatal(err)
	}
	out := json.NewEncoder(os.Stdout)
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var q question
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			log.Fatal(err)
		}
		client := reflect.ValueOf(smart)
		if q.Product == "cbn" {
			client = reflect.ValueOf(cen)
		}
		if err := out.Encode(ask(client, endpoint, q)); err != nil {
			log.Fatal(err)
		}
	}
}

func ask(client reflect.Value, endpoint string, q question) answer {
	make, known := makers[q.Action]
	if !known {
		return answer{Code: "Client", Text: "no maker for " + q.Action}
	}
	request := make()
	request.SetDomain(endpoint)
	request.SetScheme("https")
	request.GetQueryParams()
	struct_ := reflect.ValueOf(request).Elem()
	for name, value := range q.Fields {
		field := struct_.FieldByName(name)
		if name == "RegionId" {
			// A field of the embedded request, under the same name.
			field = struct_.FieldByName("RpcRequest").Elem().FieldByName("RegionId")
		}
		if !field.IsValid() {
			request.GetQueryParams()[name] = fmt.Sprint(value)
			continue
		}
		if err := set(field, value); err != nil {
			return answer{Code: "Client", Text: fmt.Sprintf("%s: %v", name, err)}
		}
	}
	results := client.MethodByName(q.Action).Call([]reflect.Value{reflect.ValueOf(request)})
	if err, _ := results[1].Interface().(error); err != nil {
		var refused *sdkerrors.ServerError
		if errors.As(err, &refused) {
			return answer{Code: refused.ErrorCode(), Status: refused.HttpStatus()}
		}
		return answer{Code: "Client", Text: err.Error()}
	}
	return answer{Body: results[0].Interface(), Typed: true}
}

// set gives a field of a request a value from JSON: text, number, truth, or a list of texts or of objects.
func set(field reflect.Value, value any) error {
	switch value := value.(type) {
	case []any:
		list := reflect.New(field.Type().Elem())
		for _, item := range value {
			element := reflect.New(list.Elem().Type().Elem()).Elem()
			if object, is := item.(map[string]any); is {
				for name, part := range object {
					if err := set(element.FieldByName(name), part); err != nil {
						return err
					}
				}
			} else if err := set(element, item); err != nil {
				return err
			}
			list.Elem().Set(reflect.Append(list.Elem(), element))
		}
		field.Set(list)
		return nil
	case string, bool, float64:
		if field.Kind() != reflect.String {
			return fmt.Errorf("a field of kind %s", field.Kind())
		}
		text := fmt.Sprint(value)
		if number, is := value.(float64); is {
			text = strconv.FormatFloat(number, 'f', -1, 64)
		}
		field.SetString(text)
		return nil
	}
	return fmt.Errorf("a value of type %T", value)
}
