/** Messages for access points and their administrators. */
export const accessPoints = {
  registration_token_unknown: "The registration token is unknown, used up or expired.",
  access_point_unregistered: "This access point is not registered, or was removed.",
  description_missing: "The description is missing.",
};
