// Package accounts holds the use cases of people with an account: register, sign in, stay signed in, sign out, change the password.
//
// All routes that check a password go through one function, behind one set of limits, with one answer for every reason to refuse. What
// decides about a refusal is stored in transactions that commit although the answer is an error.
package accounts
