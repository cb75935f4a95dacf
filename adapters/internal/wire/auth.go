package wire

import (
	"time"

	"github.com/symphainy/symphainy/domain/identity"
)

// User is the nested form of the signed-in user.
type User struct {
	ID          string   `json:"id"`
	TenantID    string   `json:"tenant_id"`
	Email       string   `json:"email"`
	Name        string   `json:"name"`
	Permissions []string `json:"permissions"`
	AvatarURL   *string  `json:"avatar_url"`
}

// NewUser gives the nested form of a user with the permissions of roles.
func NewUser(u identity.User, tenantID string, roles []identity.Role) User {
	return User{ID: u.ID, TenantID: tenantID, Email: u.Email, Name: u.Name, Permissions: names(identity.Grants(roles))}
}

// AuthResponse answers register, login and refresh. Every key is always there; what does not apply is null.
type AuthResponse struct {
	Success      bool     `json:"success"`
	AccessToken  *string  `json:"access_token"`
	RefreshToken *string  `json:"refresh_token"`
	TokenType    string   `json:"token_type" enum:"Bearer"`
	ExpiresIn    *int     `json:"expires_in" doc:"Seconds until the access token ends"`
	SessionID    *string  `json:"session_id"`
	UserID       *string  `json:"user_id"`
	TenantID     *string  `json:"tenant_id"`
	User         *User    `json:"user"`
	Roles        []string `json:"roles"`
	Permissions  []string `json:"permissions"`
	Message      *string  `json:"message"`
	Error        *string  `json:"error"`
}

// SignIn is what an AuthResponse is made of.
type SignIn struct {
	AccessToken, RefreshToken, SessionID string
	ExpiresAt                            time.Time
	User                                 identity.User
	TenantID                             string
	Roles                                []identity.Role
}

// NewAuthResponse gives the answer for a signed-in user at now.
func NewAuthResponse(s SignIn, now time.Time) AuthResponse {
	user := NewUser(s.User, s.TenantID, s.Roles)
	life := max(0, int(s.ExpiresAt.Sub(now).Round(time.Second).Seconds()))
	return AuthResponse{
		Success: true, AccessToken: optional(s.AccessToken), RefreshToken: optional(s.RefreshToken), TokenType: "Bearer", ExpiresIn: &life,
		SessionID: optional(s.SessionID), UserID: optional(s.User.ID), TenantID: optional(s.TenantID), User: &user,
		Roles: names(s.Roles), Permissions: names(identity.Grants(s.Roles)),
	}
}

// names gives texts of string-like values; never nil.
func names[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

// Names gives the texts of roles; never nil.
func Names(roles []identity.Role) []string { return names(roles) }

// PermissionNames gives the texts of what roles allow; never nil.
func PermissionNames(roles []identity.Role) []string { return names(identity.Grants(roles)) }
