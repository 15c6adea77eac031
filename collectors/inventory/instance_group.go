package inventory

// InstanceGroup is the class instance_group: a set of machines kept at a size: auto scaling group, scale set,
// managed group.
type InstanceGroup struct {
	// MultiZone is the bool multi_zone: Spread over two zones or more.
	//   AWS: AvailabilityZones[] count.
	//   Azure: zones[] count.
	//   Google Cloud: distributionPolicy.zones[] count.
	MultiZone bool `cel:"multi_zone" json:"multi_zone"`
	// Autoscaled is the bool autoscaled: Grows and shrinks by load.
	//   AWS: MaxSize > MinSize with a scaling policy.
	//   Azure: autoscaleSettings enabled with targetResourceUri.
	//   Google Cloud: autoscalers.target, autoscalingPolicy.mode=ON.
	Autoscaled bool `cel:"autoscaled" json:"autoscaled"`
}
